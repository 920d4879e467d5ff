import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/commands/serve.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
  writeFileSync(path.join(folder, 'p.yaml'), 'providers: {}\n')
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a server without keys for its clients', () => {
  it.each(['0.0.0.0', '::', '192.168.1.5', 'my-host', '127.0.0.1.evil.example'])(
    'refuses to listen on %s',
    async (host) => {
      const started = run(['--config', path.join(folder, 'p.yaml'), '--host', host, '--port', '0'])
      await expect(started).rejects.toThrow(/could spend your keys.*--insecure/)
    },
  )
})
