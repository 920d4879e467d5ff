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

it.each(['http://localhost:9000/v1', 'http://127.0.0.1:9000', 'http://[::1]:9000/v1'])(
  'a server whose provider is itself does not start: %s',
  async (base_url) => {
    const file = path.join(folder, 'itself.yaml')
    writeFileSync(file, JSON.stringify({ providers: { me: { format: 'openai', base_url, keyless: true } } }))
    await expect(run(['--config', file, '--port', '9000'])).rejects.toThrow('provider me is this server itself')
  },
)
