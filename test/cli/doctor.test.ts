/** What `doctor` finds: providers that do not answer, a clock that is wrong, folders and ports that cannot be had. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { run } from '../../src/cli/commands/doctor.ts'
import { dataFolder, port, readers, secretKeyFile } from '../../src/cli/doctor/machine.ts'
import { reach } from '../../src/cli/doctor/reach.ts'
import { wrongPaths } from '../../src/cli/doctor/wrong-path.ts'
import { load } from '../config/files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-doctor-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const WALL = Date.parse('2026-01-01T12:00:00Z')

/** A provider at each address, and what stands behind it. */
function looked(answers: Record<string, () => Promise<Response>>) {
  const providers = Object.keys(answers).map((origin) => ({ name: new URL(origin).hostname, base_url: `${origin}/v1` }))
  const ask = ((url: string) => answers[url]?.() ?? Promise.reject(new Error('unknown'))) as typeof fetch
  return reach({ providers } as Parameters<typeof reach>[0], { fetch: ask, wall: () => WALL })
}

const answers = (date: string) => () => Promise.resolve(new Response(null, { status: 404, headers: { date } }))
const fails = (code: string) => () =>
  Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) }))

it('takes any answer for one, and says what to do where none comes', async () => {
  const found = await looked({
    'https://good.example': answers('Thu, 01 Jan 2026 12:00:00 GMT'),
    'https://gone.example': fails('ENOTFOUND'),
    'https://off.example': fails('ECONNREFUSED'),
    'https://forged.example': fails('SELF_SIGNED_CERT_IN_CHAIN'),
  })
  expect(found.map(({ about, status }) => [about, status])).toEqual([
    ['good.example', 'good'],
    ['gone.example', 'bad'],
    ['off.example', 'bad'],
    ['forged.example', 'bad'],
    ['clock', 'good'],
  ])
  expect(found[3]?.advice).toContain('NODE_EXTRA_CA_CERTS')
})

it('believes most of the clocks, and not one that is wrong itself', async () => {
  const right = answers('Thu, 01 Jan 2026 12:00:00 GMT')
  const early = answers('Thu, 01 Jan 2026 11:50:00 GMT')
  const most = await looked({ 'https://a.example': right, 'https://b.example': early, 'https://c.example': right })
  expect(most.at(-1)).toMatchObject({ about: 'clock', status: 'good' })
  const all = await looked({ 'https://a.example': early, 'https://b.example': early })
  expect(all.at(-1)).toMatchObject({ status: 'bad', found: expect.stringMatching(/^this machine is 600 s ahead/) })
})

it('says which base_url has chats where the one that is set has none', async () => {
  const at = (format: string, base_url: string) => ({ format, base_url, keys: ['key-of-nobody'], models: ['m'] })
  const providers = {
    lacks: at('openai-compatible', 'https://lacks.example'),
    knows: at('groq', 'https://api.groq.com'),
    much: at('ollama', 'http://much.example/v1'),
    right: at('openai', 'https://right.example/v1'),
    lost: at('openai', 'https://lost.example'),
  }
  const there = new Set([
    'https://lacks.example/v1/chat/completions',
    'https://api.groq.com/openai/v1/chat/completions',
    'http://much.example/api/chat',
    'https://right.example/v1/chat/completions',
  ])
  const sent: RequestInit[] = []
  const ask = ((url: string, init: RequestInit) => {
    sent.push(init)
    return Promise.resolve(new Response(null, { status: there.has(url) ? 401 : 404 }))
  }) as typeof fetch
  const found = await wrongPaths(load(JSON.stringify({ providers })), ask)
  expect(found.map(({ about, advice }) => [about, advice])).toEqual([
    ['lacks', 'Set base_url: https://lacks.example/v1'],
    ['knows', 'Set base_url: https://api.groq.com/openai/v1'],
    ['much', 'Set base_url: http://much.example'],
    ['lost', expect.stringContaining('Look at base_url')],
  ])
  expect(JSON.stringify(sent)).not.toContain('key-of-nobody')
})

it('looks at the folder that there will be', () => {
  expect(dataFolder(path.join(folder, 'not', 'yet'))).toMatchObject({ status: 'good' })
  expect(dataFolder(undefined)).toMatchObject({ status: 'warning' })
})

it('warns of keys that others may read, and only of those', () => {
  const file = path.join(folder, 'providers.yaml')
  writeFileSync(file, '')
  chmodSync(file, 0o644)
  expect(readers(file, true)).toMatchObject({ status: 'warning', advice: `chmod 600 ${file}` })
  expect(readers(file, false)).toMatchObject({ status: 'good' })
  chmodSync(file, 0o600)
  expect(readers(file, true)).toMatchObject({ status: 'good' })
})

it('tells a port that is taken from one that is ours', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: taken } = server.address() as AddressInfo
  expect(await port('127.0.0.1', taken, () => Promise.resolve(false))).toMatchObject({ status: 'bad' })
  expect(await port('127.0.0.1', taken, () => Promise.resolve(true))).toMatchObject({ status: 'good' })
  server.close()
  await once(server, 'close')
  expect(await port('127.0.0.1', taken, () => Promise.resolve(false))).toMatchObject({ status: 'good' })
})

it('ends with 1 for a configuration that is wrong', async () => {
  const file = path.join(folder, 'providers.yaml')
  writeFileSync(file, 'providers: 1')
  expect(await run(['--config', file, '--json'])).toBe(1)
})

it('tells of a secret key that others may read', () => {
  expect(secretKeyFile(folder)).toBeUndefined()
  const file = path.join(folder, 'secret.key')
  writeFileSync(file, 'x'.repeat(44), { mode: 0o600 })
  expect(secretKeyFile(folder)).toMatchObject({ status: 'good' })
  chmodSync(file, 0o644)
  expect(secretKeyFile(folder)).toMatchObject({ status: 'bad', advice: expect.stringContaining('chmod 600') })
})
