/** Names that clients make up, in a server's memory: those of a while ago are in it no more. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Agent, type Dispatcher } from 'undici'
import { startVendor, wholeBody, type Vendor } from '../faults/vendor.ts'
import type { HeapAnswer, HeapQuestion } from './heap-strings.ts'

/** Of each kind: requests whose names are looked for, and those after them, more than whatever is bounded remembers. */
const OLD = 20
const LATER = 350

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
  const probe = fileURLToPath(new URL('./heap-strings.ts', import.meta.url))
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  child = fork(main, ['serve', '--config', config, '--port', '0', '--data', path.join(folder, 'data')], {
    execArgv: ['--import', probe],
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
const PLACES: Record<string, (name: string) => Pick<Dispatcher.RequestOptions, 'path' | 'headers'> & { body: object }> =
  {
    'model of a provider': (name) => ({
      path: '/v1/chat/completions',
      body: { model: `up/${name}`, messages: MESSAGES },
    }),
    'unknown model': (name) => ({ path: '/v1/chat/completions', body: { model: name, messages: MESSAGES } }),
    'model in a path': (name) => ({
      path: `/v1beta/models/up%2F${name}:generateContent`,
      body: { contents: [{ parts: [{ text: 'Hello' }] }] },
    }),
    path: (name) => ({ path: `/v1/${name}`, body: {} }),
    'header, session, user': (name) => ({
      path: '/v1/chat/completions',
      headers: { [`x-${name}`]: 'a', 'x-session-id': name, authorization: `Bearer ${name}`, 'user-agent': name },
      body: { model: 'm', messages: MESSAGES, user: name, prompt_cache_key: `${name}k`, metadata: { user_id: name } },
    }),
    'response before': (name) => ({
      path: '/v1/responses',
      body: { model: 'm', input: 'Hello', previous_response_id: `resp_${name}` },
    }),
    tool: (name) => ({
      path: '/v1/messages',
      body: {
        model: 'm',
        max_tokens: 9,
        messages: MESSAGES,
        tools: [{ name: name.slice(-60), input_schema: { type: 'object', properties: { [name]: {} } } }],
      },
    }),
  }

const KINDS = Object.keys(PLACES)

/** Of the request with this number: told apart by both ends. */
function nameOf(number: number): string {
  return `n${number}-${'x'.repeat(470)}-n${number}`
}

async function ask(number: number): Promise<void> {
  const place = PLACES[KINDS[number % KINDS.length] ?? ''] ?? expect.fail('no place')
  const { path: url, headers, body } = place(nameOf(number))
  const answer = await agent.request({
    origin,
    path: url,
    method: 'POST',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  })
  await answer.body.dump()
}

/** Numbers of the names whose end stands in the server's memory: of sessions it keeps thousands, cut to their beginning. */
async function remembered(): Promise<number[]> {
  child.send({ pattern: String.raw`x{40}-n(\d+)` } satisfies HeapQuestion)
  const [{ found }] = (await once(child, 'message')) as [HeapAnswer]
  return found.map(Number)
}

it('forgets names of models, sessions, users, tools, headers and paths', { timeout: 240_000 }, async () => {
  const all = (OLD + LATER) * KINDS.length
  let next = 0
  const several = async (): Promise<void> => {
    while (next < all) await ask(next++)
  }
  await Promise.all(Array.from({ length: 8 }, several))
  const names = await remembered()
  // what is kept of the newest shows that names are found where they are
  expect(Math.max(...names)).toBeGreaterThan(all - 50)
  const old = names.filter((number) => number < OLD * KINDS.length)
  expect(Object.groupBy(old, (number) => KINDS[number % KINDS.length] ?? '')).toEqual({})
})
