/** What holds at every door beside faults: leaving, waiting, explaining, warning, continuing, asking twice. */
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../../end-to-end/gateway.ts'
import { SOON } from '../stage.ts'
import { startVendor, TEXT, WORDS, type Vendor, type VendorCall } from '../vendor.ts'
import { DOORS, hear, VECTORS, type Door } from './doors.ts'
import { answerWell, type Asked } from './faults.ts'
import { WIRES } from './wires.ts'

let vendor: Vendor
let gateway: TestGateway

afterEach(async () => {
  await expect.poll(() => gateway.app.scheduler.report().inFlight, SOON).toBe(0)
  await gateway.close()
  await expect.poll(() => vendor.open(), SOON).toBe(0)
  await vendor.close()
})

type Act = (asked: Asked, call: VendorCall) => void

const wireOf = (door: Door): Asked['wire'] => (door.streams ? WIRES.openai : WIRES.embeddings)
const wholeOf = (door: Door): string => (door.streams ? TEXT : VECTORS)

async function start(
  door: Door,
  act: Act,
  {
    server = {},
    provider = {},
    pool = {},
  }: Record<'server' | 'provider' | 'pool', object> | Record<string, object> = {},
): Promise<void> {
  const wire = wireOf(door)
  vendor = await startVendor((call) => act({ ...call, wire }, call))
  gateway = await startGateway({
    providers: {
      vendor: { format: wire.format, base_url: vendor.url, keys: ['key-one-0001', 'key-two-0002'], ...provider },
    },
    models: { pool: { routes: ['vendor/m'], ...pool } },
    server: { heartbeat: 0, ollama: true, ...server },
  })
}

const begun = ({ response, wire }: Asked, then = (): void => {}): void =>
  void response.writeHead(200, wire.type).write(wire.head + wire.first, then)
const rest = ({ response, wire }: Asked): void => void response.end(wire.rest)
const all = Object.entries(DOORS)
const streaming = all.filter(([, { streams }]) => streams)
const ONE_AT_A_TIME = { limits: { concurrency: 1 }, keys: ['key-one-0001'] }

describe('a client that leaves', () => {
  it.each(all)('ends the call of its upstream: %s', async (_, door) => {
    await start(door, () => {})
    const leaving = new AbortController()
    const asked = hear(gateway.url, door, 'pool', false, { signal: leaving.signal }).catch(() => 'gone')
    await expect.poll(() => vendor.calls.length, SOON).toBe(1)
    const closed = new Promise((resolve) => vendor.calls[0]?.socket.once('close', resolve))
    leaving.abort()
    await closed
    expect(await asked).toBe('gone')
  })

  it.each(streaming)('in the middle of a stream ends it, too: %s', async (_, door) => {
    await start(door, (asked) => begun(asked))
    const leaving = new AbortController()
    const response = await fetch(gateway.url + door.path('pool', true), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(door.body('pool', true)),
      signal: leaving.signal,
    })
    await response.body?.getReader().read()
    const closed = new Promise((resolve) => vendor.calls[0]?.socket.once('close', resolve))
    leaving.abort()
    await closed
  })
})

describe('a client that waits for a key', () => {
  it.each(streaming)('gets signs of life that its parser reads over, then the answer: %s', async (_, door) => {
    let first: Asked | undefined
    await start(door, (asked) => (first === undefined ? begun((first = asked)) : answerWell(asked)), {
      server: { heartbeat: 20 },
      provider: ONE_AT_A_TIME,
    })
    const before = hear(gateway.url, door, 'pool', true)
    await expect.poll(() => first !== undefined, SOON).toBe(true)
    const response = await fetch(gateway.url + door.path('pool', true), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(door.body('pool', true)),
    })
    let raw = ''
    const decoder = new TextDecoder()
    for await (const bytes of response.body ?? []) {
      raw += decoder.decode(bytes as Uint8Array, { stream: true })
      if (first !== undefined && door.pulse.test(raw)) {
        rest(first)
        first = undefined
      }
    }
    expect(raw).toMatch(door.pulse)
    expect(vendor.calls).toHaveLength(2)
    expect(await before).toMatchObject({ status: 200, text: TEXT, ends: 1, errors: [] })
  })

  it.each(all)('is refused in the words of its API when it will not wait that long: %s', async (_, door) => {
    let first: Asked | undefined
    await start(door, (asked) => void (first ??= asked), { provider: ONE_AT_A_TIME })
    const before = hear(gateway.url, door, 'pool', false)
    await expect.poll(() => first !== undefined, SOON).toBe(true)
    for (const stream of door.streams ? [true, false] : [false]) {
      const { status, raw, headers } = await hear(gateway.url, door, 'pool', stream, {
        headers: { 'x-max-wait': '30ms' },
      })
      expect([status, JSON.parse(raw)]).toEqual([429, door.refusal(429)])
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    if (first) answerWell({ ...first, stream: false })
    expect((await before).text).toBe(wholeOf(door))
    expect(vendor.calls).toHaveLength(1)
  })
})

describe('an answer says of itself', () => {
  it.each(all)('who gave it, and why, to whoever asks: %s', async (_, door) => {
    await start(door, answerWell)
    for (const stream of door.streams ? [true, false] : [false]) {
      const { headers } = await hear(gateway.url, door, 'pool', stream, { headers: { 'x-explain': '1' } })
      expect(headers.get('x-balanced-call-provider')).toBe('vendor')
      expect(headers.get('x-balanced-call-attempts')).toBe('1')
      expect(headers.get('x-balanced-call-queue-ms')).toMatch(/^\d+$/)
      const { candidates } = JSON.parse(headers.get('x-balanced-call-explain') ?? '{}') as { candidates: unknown[] }
      expect(candidates).toHaveLength(2)
    }
  })

  const lossy = all.filter(([, { loss }]) => loss !== undefined)
  it.each(lossy)('what of its request had no place upstream: %s', async (_, door) => {
    await start(door, answerWell)
    for (const stream of door.streams ? [true, false] : [false]) {
      const heard = await hear(gateway.url, door, 'pool', stream, { more: door.loss ?? {} })
      expect(heard).toMatchObject({ status: 200, text: wholeOf(door) })
      const told = heard.headers.get('x-balanced-call-warnings')
      for (const field of fieldsOf(door.loss)) expect(told).toContain(field)
    }
  })
})

/** As they are told: `generationConfig.brandNew`. */
function fieldsOf(loss: Record<string, unknown> = {}): string[] {
  const grouped = ['options', 'generationConfig']
  return Object.entries(loss).flatMap(([name, value]) =>
    grouped.includes(name) ? fieldsOf(Object(value)).map((field) => `${name}.${field}`) : [name],
  )
}

describe('a stream that breaks', () => {
  it.each(streaming)('goes on from its last word as one answer, where the model says so: %s', async (_, door) => {
    await start(
      door,
      (asked, { number }) => {
        if (number > 1) asked.response.writeHead(200, asked.wire.type).end(asked.wire.head + asked.wire.rest)
        else begun(asked, () => asked.socket.resetAndDestroy())
      },
      { provider: { prefix: true }, pool: { resume: true } },
    )
    const heard = await hear(gateway.url, door, 'pool', true)
    expect(heard).toMatchObject({ status: 200, text: TEXT, ends: 1, errors: [] })
    expect(vendor.calls).toHaveLength(2)
    expect(vendor.calls[1]?.body.messages?.at(-1)).toEqual({ role: 'assistant', content: WORDS[0] })
  })
})

describe('a first token that is late', () => {
  /** Answers after which the gateway knows what is usual. */
  const ENOUGH = 20

  it.each(streaming)('makes another key be asked, too: %s', async (_, door) => {
    let isUsual = true
    let late: VendorCall | undefined
    await start(
      door,
      (asked, call) => {
        if (isUsual || late !== undefined) answerWell(asked)
        else late = call
      },
      { server: { hedge: 0.5, retries: 0 } },
    )
    for (let i = 0; i < ENOUGH; i++) await hear(gateway.url, door, 'pool', false)
    isUsual = false
    const heard = await hear(gateway.url, door, 'pool', true)
    expect(heard).toMatchObject({ status: 200, text: TEXT, ends: 1, errors: [] })
    expect(heard.headers.get('x-balanced-call-attempts')).toBe('2')
    await expect.poll(() => late?.socket.destroyed, SOON).toBe(true)
  })
})
