import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from '../../src/runtime/make-folder.ts'

let base: string

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'make-folder-'))
})

afterEach(() => rmSync(base, { recursive: true }))

it('makes a folder with those that it stands in, and takes one that is there', () => {
  const path = join(base, 'a/b/c')
  makeFolder(path)
  makeFolder(`${path}/`)
  expect(statSync(path).isDirectory()).toBe(true)
})

it.each([
  ['', 'ENOENT'],
  ['/dev/null', 'EEXIST'],
  ['/dev/null/x', 'ENOTDIR'],
])('says at once of %j that it cannot be', (path, code) => {
  expect(() => makeFolder(path)).toThrow(code)
})

it('says that a file stands in its way', () => {
  writeFileSync(join(base, 'file'), '')
  expect(() => makeFolder(join(base, 'file'))).toThrow('EEXIST')
  expect(() => makeFolder(join(base, 'file/x/y'))).toThrow('ENOTDIR')
})
