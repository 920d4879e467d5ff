/** What is sealed opens by its own key and for its own row alone, and the key's file is nobody else's. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createVault } from '../../src/store/vault.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'vault-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('opens what it has sealed, also after a restart, and nothing of it can be read', () => {
  const vault = createVault(folder, undefined)
  const sealed = ['sk-secret-ä', 'sk-secret-ä', ''].map((text) => vault.seal(text, 'k1'))
  expect(new Set(sealed).size).toBe(3)
  expect(Buffer.from(sealed[0] ?? '', 'base64').toString()).not.toContain('secret')
  expect(sealed.map((text) => createVault(folder, undefined).open(text, 'k1'))).toEqual([
    'sk-secret-ä',
    'sk-secret-ä',
    '',
  ])
  expect(statSync(join(folder, 'secret.key')).mode & 0o777).toBe(0o600)
  expect(readFileSync(join(folder, 'secret.key'), 'utf8').length).toBeGreaterThan(40)
})

test('opens nothing by another key, for another row, or with a bit that is other', () => {
  const sealed = createVault(folder, 'one passphrase of many').seal('sk-secret', 'k1')
  expect(createVault(folder, 'one passphrase of many').open(sealed, 'k1')).toBe('sk-secret')
  expect(() => createVault(folder, 'another passphrase').open(sealed, 'k1')).toThrow()
  expect(() => createVault(folder, 'one passphrase of many').open(sealed, 'k2')).toThrow()
  const bytes = Buffer.from(sealed, 'base64')
  for (let at = 0; at < bytes.length; at += 7) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(() => createVault(folder, 'one passphrase of many').open(changed.toString('base64'), 'k1')).toThrow()
  }
})

test('takes no key that is short, and no file that others may read', () => {
  expect(() => createVault(folder, 'short')).toThrow('16 characters')
  createVault(folder, undefined)
  chmodSync(join(folder, 'secret.key'), 0o640)
  expect(() => createVault(folder, undefined)).toThrow(/others may read .*secret\.key \(mode 640\)/)
})
