import { afterEach, describe, expect, it } from 'vitest'
import type { Call, SandboxOptions } from '../../src/sandbox/types.ts'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway, type TestGateway } from './gateway.ts'

let sandbox: Sandbox
let gateway: TestGateway
/** The texts of the requests in the order in which the upstream got them. */
let got: string[]
afterEach(async () => {
  await gateway.close()
  await sandbox.close()
})

const textOf = ({ body }: Call): string => (body['messages'] as { content: string }[])[0]?.content ?? ''
const say = (content: string): Record<string, unknown> => ({ messages: [{ role: 'user', content }] })

interface Setting {
  limits?: unknown
  keys?: unknown[]
  sandbox?: SandboxOptions
  server?: Record<string, unknown>
  scheduler?: Record<string, unknown>
}

async function open({ limits, keys = ['secret'], sandbox: given = {}, ...config }: Setting): Promise<void> {
  got = []
  sandbox = await startSandbox({
    first_byte: 20,
    pace: 0,
    ...given,
    behave(call) {
      got.push(textOf(call))
      return given.behave?.(call)
    },
  })
  gateway = await startGateway({
    ...config,
    providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys, limits } },
    models: { fast: ['up/sandbox'] },
  })
}

const queued = async (): Promise<number> => (await gateway.report()).queued
const clients = { api_keys: { alice: 'key-of-alice', hog: 'key-of-hog' } }
const as = (client: string): Record<string, string> => ({ authorization: `Bearer key-of-${client}` })
const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${name} ${i}`)

/** All at once; `report` needs a key as well. */
async function askAll(names: string[], headers: (name: string) => Record<string, string> = () => ({})): Promise<void> {
  const answers = names.map(async (name) => {
    const answer = await gateway.ask(say(name), headers(name))
    await answer.text()
    expect(answer.status).toBe(200)
  })
  await Promise.all(answers)
}

describe('the queue', () => {
  it('serves a client in the order of its requests', async () => {
    await open({ limits: { concurrency: 1 } })
    const names = numbered('request', 8)
    const asked: Promise<Response>[] = []
    for (const [index, name] of names.entries()) {
      asked.push(gateway.ask(say(name)))
      // the next one is asked when this one is in the queue or under way
      await expect
        .poll(
          async () => {
            // looked at first: one that goes from the queue to the upstream meanwhile must not count twice
            const taken = got.length
            return taken + (await queued())
          },
          { interval: 1 },
        )
        .toBeGreaterThan(index)
    }
    await Promise.all(asked)
    expect(got).toEqual(names)
  })

  it('is fair to a client with few requests when another has many', async () => {
    await open({ limits: { concurrency: 1 }, server: clients })
    await askAll([...numbered('hog', 30), ...numbered('alice', 10)], (name) => as(name.split(' ')[0] ?? ''))
    // one by one, from the moment when alice came; the hog may have been first
    const last = got.lastIndexOf('alice 9')
    expect(last).toBeLessThan(26)
    expect(got.filter((text) => text.startsWith('alice'))).toEqual(numbered('alice', 10))
  })

  it('gives a client its weight', async () => {
    await open({
      limits: { concurrency: 1 },
      server: clients,
      scheduler: { clients: { alice: { weight: 3 } } },
    })
    await askAll([...numbered('hog', 20), ...numbered('alice', 15)], (name) => as(name.split(' ')[0] ?? ''))
    const until = got.slice(0, got.lastIndexOf('alice 14'))
    expect(until.filter((text) => text.startsWith('hog')).length).toBeLessThan(12)
  })

  it('holds a client to its own limits, and says so', async () => {
    await open({ server: clients, scheduler: { clients: { '*': { limits: { rpm: 2 } } } } })
    for (let i = 0; i < 2; i++) expect((await gateway.ask({}, as('hog'))).status).toBe(200)
    const refused = await gateway.ask({}, as('hog'))
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({
      error: { candidates: { total: 1 }, reason: 'client hog: requests per minute: 0 of 2 left' },
    })
    expect((await gateway.ask({}, as('alice'))).status).toBe(200)
    expect(gateway.records.map(({ client }) => client)).toEqual(['hog', 'hog', 'hog', 'alice'])
  })

  it('keeps a client no longer than it is willing to wait, by the configuration or by its own word', async () => {
    await open({ limits: { concurrency: 1 }, sandbox: { first_byte: 600 }, scheduler: { max_wait: '150ms' } })
    const running = gateway.ask()
    await expect.poll(() => got.length).toBe(1)
    const impatient = await gateway.ask()
    expect(impatient.status).toBe(429)
    expect(Number(impatient.headers.get('x-balanced-call-queue-ms'))).toBeGreaterThanOrEqual(150)
    expect(impatient.headers.get('x-balanced-call-attempts')).toBe('0')
    expect((await gateway.ask({}, { 'x-max-wait': '5s' })).status).toBe(200)
    expect((await running).status).toBe(200)
    const wrong = await gateway.ask({}, { 'x-max-wait': 'soon' })
    expect(wrong.status).toBe(400)
    expect(await wrong.json()).toMatchObject({ error: { param: 'x-max-wait' } })
  })

  it('takes no more requests than it may hold', async () => {
    await open({ limits: { concurrency: 1 }, sandbox: { first_byte: 300 }, scheduler: { max_queue: 2 } })
    const running = gateway.ask()
    await expect.poll(() => got.length).toBe(1)
    const waiting = [gateway.ask(), gateway.ask()]
    await expect.poll(queued).toBe(2)
    const refused = await gateway.ask()
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after-ms'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', queued: 2 } })
    for (const each of [running, ...waiting]) expect((await each).status).toBe(200)
  })

  it('is left by a client that leaves, and its provider never hears of it', async () => {
    await open({ limits: { concurrency: 1 }, sandbox: { first_byte: 1000 } })
    const running = gateway.ask(say('first'))
    await expect.poll(() => got.length).toBe(1)
    const leaving = new AbortController()
    const gone = gateway.ask(say('gone'), {}, leaving.signal).catch(() => 'gone')
    await expect.poll(queued).toBe(1)
    const last = gateway.ask(say('last'))
    await expect.poll(queued).toBe(2)
    leaving.abort()
    expect(await gone).toBe('gone')
    await expect.poll(queued).toBe(1)
    expect((await running).status).toBe(200)
    expect((await last).status).toBe(200)
    expect(got).toEqual(['first', 'last'])
    expect(gateway.records.map(({ outcome }) => outcome).sort()).toEqual(['cancelled', 'ok', 'ok'])
  })
})

describe('a stream that waits', () => {
  const stream = { ...say('Hello'), stream: true }

  it('gets signs of life only after a wait that would make proxies cut it', async () => {
    await open({
      limits: { concurrency: 1 },
      sandbox: { first_byte: 500 },
      server: { heartbeat: '200ms' },
    })
    const asked = performance.now()
    const running = gateway.ask({})
    await expect.poll(() => got.length).toBe(1)
    const answer = await gateway.ask(stream)
    expect(performance.now() - asked).toBeGreaterThan(195)
    expect(answer.status).toBe(200)
    const text = await answer.text()
    expect(text).toMatch(/^(: keep-alive\n)+data: \{/)
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
    expect((await running).status).toBe(200)
  })

  it('gets none when its wait is short, and its headers name key, tries and wait', async () => {
    await open({ limits: { concurrency: 1 }, sandbox: { first_byte: 150 }, server: { heartbeat: '10s' } })
    const running = gateway.ask({})
    await expect.poll(() => got.length).toBe(1)
    const answer = await gateway.ask(stream)
    expect(answer.headers.get('x-balanced-call-key')).toBe('up#1')
    expect(answer.headers.get('x-balanced-call-attempts')).toBe('1')
    expect(Number(answer.headers.get('x-balanced-call-queue-ms'))).toBeGreaterThan(50)
    expect(await answer.text()).toMatch(/^data: \{/)
    await running
  })

  it('is told in the stream when its patience ends after a sign of life', async () => {
    await open({
      limits: { concurrency: 1 },
      sandbox: { first_byte: 900 },
      server: { heartbeat: '100ms' },
      scheduler: { max_wait: '300ms' },
    })
    const running = gateway.ask({})
    await expect.poll(() => got.length).toBe(1)
    const text = await (await gateway.ask(stream)).text()
    expect(text).toMatch(/: keep-alive\n/)
    expect(text).toMatch(/data: \{"error":\{"message":"All keys for fast are busy/)
    await running
  })
})

describe('why', () => {
  it('a key was chosen, when the client asks', async () => {
    await open({ keys: ['one', { key: 'two', limits: { rpm: 1 } }, 'three'] })
    for (let i = 0; i < 3; i++) await gateway.ask()
    const answer = await gateway.ask({}, { 'x-explain': '1' })
    const { candidates, more } = JSON.parse(answer.headers.get('x-balanced-call-explain') ?? '') as {
      candidates: { key: string; eta: number; reason: string }[]
      more: number
    }
    expect(more).toBe(0)
    expect(candidates[0]).toMatchObject({ key: answer.headers.get('x-balanced-call-key'), eta: 0, reason: 'chosen' })
    expect(candidates).toHaveLength(3)
    expect(candidates.find(({ key }) => key === 'up#2')).toMatchObject({
      reason: 'up#2: requests per minute: 0 of 1 left',
    })
    expect((await gateway.ask()).headers.get('x-balanced-call-explain')).toBeNull()
  })

  it('an upstream failed, in the error body when the client asks', async () => {
    // with no try that would have to wait for a key that rests
    await open({ keys: ['1', '2', '3'], sandbox: { behave: () => ({ status: 500 }) }, server: { retries: 1 } })
    const answer = await gateway.ask({}, { 'x-explain': '1' })
    expect(answer.status).toBe(500)
    expect(answer.headers.get('x-balanced-call-attempts')).toBe('2')
    expect(answer.headers.get('x-balanced-call-key')).toMatch(/^up#[1-3]$/)
    const { error } = (await answer.json()) as { error: { keys: unknown[] } }
    expect(error.keys).toHaveLength(3)
    expect(await (await gateway.ask()).json()).not.toHaveProperty('error.keys')
  })

  it('a request took so long: a try that failed is no time in the queue', async () => {
    await open({
      keys: ['one', 'two'],
      sandbox: { behave: ({ number }) => (number === 1 ? { first_byte: 400, fault: 'reset' } : undefined) },
    })
    const answer = await gateway.ask()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-balanced-call-attempts')).toBe('2')
    expect(Number(answer.headers.get('x-balanced-call-queue-ms'))).toBeLessThan(100)
    await answer.text()
    const [record] = gateway.records
    expect(record).toMatchObject({ attempts: 2 })
    expect(record?.queue_ms).toBeLessThan(100)
    expect(record?.total_ms).toBeGreaterThan(400)
  })
})

it('a request that has waited long may still wait for its key after a 429', async () => {
  await open({
    limits: { concurrency: 1 },
    server: { refused_wait: '1500ms' },
    sandbox: {
      behave: ({ number }) =>
        number === 1 ? { first_byte: 1600 } : number === 2 ? { status: 429, retry_after: 1 } : undefined,
    },
  })
  const running = gateway.ask()
  await expect.poll(() => got.length).toBe(1)
  expect((await gateway.ask()).status).toBe(200)
  expect((await running).status).toBe(200)
})

describe('the switch of a key', () => {
  const turn = (action: string, key: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${gateway.url}/v1/scheduler/keys/${encodeURIComponent(key)}/${action}`, { method: 'POST', headers })

  it('takes it out of service and puts it back', async () => {
    await open({ keys: ['one', 'two'] })
    expect(await (await turn('disable', 'up#1')).json()).toMatchObject({ key: 'up#1', state: 'disabled' })
    for (let i = 0; i < 4; i++) expect((await gateway.ask()).headers.get('x-balanced-call-key')).toBe('up#2')
    expect(await (await turn('enable', 'up#1')).json()).toMatchObject({ key: 'up#1', state: 'ready' })
    const keys = await Promise.all(Array.from({ length: 4 }, async () => (await gateway.ask()).headers))
    expect(keys.map((headers) => headers.get('x-balanced-call-key'))).toContain('up#1')
  })

  it('is not turned by pages of other sites, nor for a key that is not there', async () => {
    await open({})
    expect((await turn('disable', 'up#1', { origin: 'https://elsewhere.example' })).status).toBe(403)
    expect((await gateway.ask()).status).toBe(200)
    expect((await turn('disable', 'up#9')).status).toBe(404)
  })
})
