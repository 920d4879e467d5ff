/** Names that clients make up, in a server's memory: what a collection leaves does not grow with their number. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Agent, type Dispatcher } from 'undici'
import { startVendor, wholeBody, type Vendor } from '../faults/vendor.ts'
import type { Probe } from '../soak/probe.ts'

/** Requests of one round. The first fills what is bounded. */
const ROUND = 1200
const ROUNDS = 3
/** Bytes that a further round may leave: half a name of each request. */
const MOST = ROUND * 250

const folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
const agent = new Agent({ connections: 8 })
let vendor: Vendor
let child: ChildProcess
let origin = ''

beforeAll(async () => {
  let asked = 0
  vendor = await startVendor(({ response }) => {
    // not to be remembered here
    vendor.calls.length = 0
    if (++asked % 4 > 0) response.writeHead(200, JSON_TYPE).end(wholeBody('text'))
    else response.writeHead(404, JSON_TYPE).end('{"error":{"code":"model_not_found","message":"no"}}')
  })
  const config = path.join(folder, 'providers.yaml')
  const providers = { up: { format: 'openai', base_url: vendor.url, keys: ['key-one-0001', 'key-two-0002'] } }
  writeFileSync(config, JSON.stringify({ providers, models: { m: ['up/m'] } }))
  const probe = fileURLToPath(new URL('../soak/probe.ts', import.meta.url))
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  child = fork(main, ['serve', '--config', config, '--port', '0', '--data', path.join(folder, 'data')], {
    execArgv: ['--expose-gc', '--import', probe],
    stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
  })
  for await (const piece of child.stdout ?? []) {
    origin = /balanced-call on (http:\/\/[^/\s]+)/.exec(String(piece))?.[1] ?? ''
    if (origin !== '') break
  }
  child.stdout?.resume()
})

afterAll(async () => {
  child.kill('SIGKILL')
  await vendor.close()
  await agent.close()
  rmSync(folder, { recursive: true })
})

const JSON_TYPE = { 'content-type': 'application/json' }
const MESSAGES = [{ role: 'user', content: 'Hello' }]

/** One request with a name that no other has, in each place where a client may put one. */
const PLACES: ((name: string) => Pick<Dispatcher.RequestOptions, 'path' | 'headers'> & { body: object })[] = [
  (name) => ({ path: '/v1/chat/completions', body: { model: `up/${name}`, messages: MESSAGES } }),
  (name) => ({ path: '/v1/chat/completions', body: { model: name, messages: MESSAGES } }),
  (name) => ({
    path: `/v1beta/models/up%2F${name}:generateContent`,
    body: { contents: [{ parts: [{ text: 'Hello' }] }] },
  }),
  (name) => ({ path: `/v1/${name}`, body: {} }),
  (name) => ({
    path: '/v1/chat/completions',
    headers: { [`x-${name}`]: 'a', 'x-session-id': name, authorization: `Bearer ${name}`, 'user-agent': name },
    body: { model: 'm', messages: MESSAGES, user: name, prompt_cache_key: `${name}k`, metadata: { user_id: name } },
  }),
  (name) => ({ path: '/v1/responses', body: { model: 'm', input: 'Hello', previous_response_id: `resp_${name}` } }),
  (name) => ({
    path: '/v1/messages',
    body: {
      model: 'm',
      max_tokens: 9,
      messages: MESSAGES,
      tools: [{ name: name.slice(-60), input_schema: { type: 'object', properties: { [name]: {} } } }],
    },
  }),
]

async function round(from: number): Promise<number> {
  let next = from
  const ask = async (): Promise<void> => {
    while (next < from + ROUND) {
      const place = PLACES[next % PLACES.length] ?? expect.fail('no place')
      const { path: url, headers, body } = place(`${'x'.repeat(480)}${next++}`)
      const answer = await agent.request({
        origin,
        path: url,
        method: 'POST',
        headers: { ...JSON_TYPE, ...headers },
        body: JSON.stringify(body),
      })
      await answer.body.dump()
    }
  }
  await Promise.all(Array.from({ length: 8 }, ask))
  child.send('probe')
  const [{ heap }] = (await once(child, 'message')) as [Probe]
  return heap
}

it('forgets names of models, sessions, users, tools, headers and paths', { timeout: 120_000 }, async () => {
  const heaps: number[] = []
  for (let i = 0; i < ROUNDS; i++) heaps.push(await round(i * ROUND))
  const [first = 0, ...later] = heaps
  expect(Math.min(...later)).toBeGreaterThan(0)
  expect(((later.at(-1) ?? Infinity) - first) / (ROUNDS - 1)).toBeLessThan(MOST)
})
