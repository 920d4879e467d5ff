/** Writes files for a test into a folder of its own; `§` in a text marks where a fault is expected and is taken out. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { rmSync } from 'node:fs'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/config.ts'
import type { Environment } from '../../src/config/document/environment.ts'
import { ConfigError, type Problem } from '../../src/config/problem.ts'

const MARK = '§'

export interface Place {
  line: number
  column: number
}

export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'config-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  return path
}

/** The text without marks, and where the marks stood. */
export function unmarked(text: string): { text: string; places: Place[] } {
  const places: Place[] = []
  const lines = text.split('\n').map((written, index) => {
    let line = written
    for (let at = line.indexOf(MARK); at >= 0; at = line.indexOf(MARK)) {
      places.push({ line: index + 1, column: at + 1 })
      line = line.slice(0, at) + line.slice(at + 1)
    }
    return line
  })
  return { text: lines.join('\n'), places }
}

export function write(directory: string, name: string, text: string): string {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}

export function load(text: string, env: Environment = {}): Config {
  return loadConfig(write(folder(), 'providers.yaml', text), env)
}

export function problemsOf(work: () => unknown): Problem[] {
  try {
    work()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}
