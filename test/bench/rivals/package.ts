/** From the registry into a folder of its own: what is measured against is no part of the project. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Package {
  folder: string
  version: string
}

/** @param overrides versions of what it depends on, where the newest that it allows does not work. Throws Error when npm fails. */
export function fetchPackage(name: string, range: string, directory: string, overrides = {}): Package {
  const root = join(directory, name.replaceAll('/', '-'))
  mkdirSync(root)
  writeFileSync(join(root, 'package.json'), JSON.stringify({ private: true, overrides }))
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${name}@${range}`]
  execFileSync('npm', install, { cwd: root, stdio: 'ignore', timeout: 120_000 })
  const folder = join(root, 'node_modules', name)
  return { folder, version: Object(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))).version }
}
