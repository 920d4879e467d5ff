/** A folder and those that it stands in. */
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Throws where there can be none, at once. Not by `recursive`, of which Node 26.10 makes a wait without end in some places.
 */
export function makeFolder(path: string): void {
  if (make(path) !== 'ENOENT') return
  const parent = dirname(path)
  if (parent !== path && !existsSync(parent)) makeFolder(parent)
  if (make(path) === 'ENOENT') mkdirSync(path)
}

/** @returns ENOENT where the parent is not there */
function make(path: string): 'ENOENT' | undefined {
  try {
    mkdirSync(path)
  } catch (fault) {
    const { code } = fault as NodeJS.ErrnoException
    if (code === 'ENOENT') return code
    if (code !== 'EEXIST' || !statSync(path).isDirectory()) throw fault
  }
  return undefined
}
