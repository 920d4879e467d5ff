/** `convert` shows a request to pass around: with no credential in it. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { convertedRequest } from '../../src/app/converted-request.ts'
import { load } from '../config/files.ts'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'convert-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('every header that lets somebody in is masked, others are shown', async () => {
  const names = [
    'x-custom-auth',
    'cookie',
    'proxy-authorization',
    'x-api-key',
    'cf-access-client-secret',
    'X-Session',
    'x-db-pass',
  ]
  const headers = Object.fromEntries(names.map((name) => [name, `lets-in-${name}`]))
  const up = { format: 'openai', base_url: 'http://127.0.0.1:9/v1', keys: ['sk-key-0001'], models: ['m'] }
  const config = join(folder, 'providers.yaml')
  const providers = { up: { ...up, headers: { ...headers, 'x-title': 'mine' } } }
  writeFileSync(config, JSON.stringify({ providers, models: { fast: ['up/m'] } }))
  const output = await new Promise<string>((resolve, reject) => {
    const child = execFile(process.execPath, [MAIN, 'convert', '--config', config, '--to', 'up/m'], (error, shown) =>
      error ? reject(error) : resolve(shown),
    )
    child.stdin?.end(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }))
  })
  expect(output).toContain('x-title: mine')
  expect(output).toContain('authorization: Bearer [up#1]')
  expect(output).toContain('cookie: •••')
  expect(output).not.toContain('lets-in')
  expect(output).not.toContain('sk-key')
})

test('a key that is too short to be looked for in texts is hidden where it stands', async () => {
  const up = { format: 'openai', base_url: 'http://127.0.0.1:9/v1', keys: ['k-1'], models: ['m'] }
  const [provider] = load(JSON.stringify({ providers: { up } })).providers
  const chat = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const { headers } = await convertedRequest(chat, provider ?? expect.fail(), 'm')
  expect(headers).toEqual({ 'content-type': 'application/json', authorization: '•••' })
})
