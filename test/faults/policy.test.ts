import { describe, expect, it } from 'vitest'
import { createOverload } from '../../src/api/http/overload.ts'
import { GatewayError, type ErrorKind } from '../../src/chat/error.ts'
import { judge, type Verdict } from '../../src/gateway/retry/failover.ts'
import { createFirstTokenTimes } from '../../src/gateway/retry/first-token-times.ts'
import { createRetryBudget } from '../../src/gateway/retry/retry-budget.ts'
import { startGateway } from '../end-to-end/gateway.ts'
import { answerWell, startVendor } from './vendor.ts'

const plenty = { earn: () => {}, take: () => true }
const options = { retries: 2, within: 1000, refusedWait: 5000, traffic: plenty }
const first = { tries: 1, elapsed: 0, sent: true, fallsBack: false }

function verdict(kind: ErrorKind, tried = first, traffic = plenty): Verdict {
  return judge(new GatewayError(kind, 'x'), tried, { ...options, traffic })
}

describe('the failover policy', () => {
  it.each<ErrorKind>([
    'invalid_request',
    'context_length',
    'content_policy',
    'unprocessable',
    'cancelled',
    'late_answer',
    'internal',
  ])('never tries again after %s', (kind) => expect(verdict(kind)).toEqual({ again: false }))
  it.each<ErrorKind>([
    'connection',
    'timeout',
    'server_error',
    'overloaded',
    'bad_answer',
    'empty_answer',
    'broken_stream',
    'conflict',
  ])('tries another key after %s', (kind) => expect(verdict(kind)).toEqual({ again: true, exclude: 'key' }))
  it.each<ErrorKind>(['authentication', 'permission', 'quota', 'kept_elsewhere'])(
    'never asks the same key again after %s',
    (kind) => expect(verdict(kind)).toEqual({ again: true, exclude: 'dead key' }),
  )
  it('waits a little for whichever key is due first after a limit', () => {
    expect(verdict('rate_limit')).toEqual({ again: true, exclude: 'nothing', maxWait: 5000 })
  })
  it('tries another provider where the model is not known, or cannot be asked', () => {
    expect(verdict('not_found')).toEqual({ again: true, exclude: 'route' })
    expect(verdict('unsupported', { ...first, sent: false })).toEqual({ again: true, exclude: 'route' })
    expect(verdict('unsupported')).toEqual({ again: true, exclude: 'route' })
    expect(verdict('too_large')).toEqual({ again: true, exclude: 'route' })
    expect(verdict('unsupported', { ...first, tries: 3 })).toEqual({ again: false })
  })
  it('asks the next tier after a refusal that the model names, as often as it may try', () => {
    expect(verdict('context_length', { ...first, fallsBack: true })).toEqual({ again: true, exclude: 'tier' })
    expect(verdict('context_length', { ...first, tries: 3, fallsBack: true })).toEqual({ again: false })
  })
  it('ends with the tries, and with the time', () => {
    expect(verdict('timeout', { ...first, tries: 2 })).toMatchObject({ again: true })
    expect(verdict('timeout', { ...first, tries: 3 })).toEqual({ again: false })
    expect(verdict('timeout', { ...first, elapsed: 1000 })).toEqual({ again: false })
  })
  it('ends with the traffic budget, but for faults that the scheduler itself bounds', () => {
    const none = { earn: () => {}, take: () => false }
    expect(verdict('server_error', first, none)).toEqual({ again: false })
    expect(verdict('rate_limit', first, none)).toMatchObject({ again: true })
    expect(verdict('authentication', first, none)).toMatchObject({ again: true })
  })
})

describe('a traffic budget', () => {
  it('gives a tenth of the requests, and a burst that was saved up', () => {
    const budget = createRetryBudget({ share: 0.1, burst: 5, perSecond: 0, now: () => 0 })
    let taken = 0
    while (budget.take()) taken++
    expect(taken).toBe(5)
    for (let i = 0; i < 10_000; i++) {
      budget.earn()
      if (budget.take()) taken++
    }
    expect(taken - 5).toBeGreaterThan(990)
    expect(taken - 5).toBeLessThanOrEqual(1000)
  })
  it('lets a quiet server retry', () => {
    let now = 0
    const budget = createRetryBudget({ share: 0, burst: 1, perSecond: 1, now: () => now })
    expect([budget.take(), budget.take()]).toEqual([true, false])
    now = 1000
    expect(budget.take()).toBe(true)
  })
})

it('the usual time to the first token is known once enough answers were seen, and forgets old ones', () => {
  const times = createFirstTokenTimes()
  for (let i = 1; i < 20; i++) times.see('m', i)
  expect(times.usual('m')).toBeUndefined()
  times.see('m', 1000)
  expect(times.usual('m')).toBe(19)
  for (let i = 0; i < 200; i++) times.see('m', 50)
  expect(times.usual('m')).toBe(50)
})

describe('a process that runs late', () => {
  /** Keeps the event loop busy, as too much work does. */
  function block(milliseconds: number): void {
    const end = performance.now() + milliseconds
    while (performance.now() < end);
  }
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

  it('is overloaded when it is late again and again, and no more once it is not', async () => {
    const overload = createOverload(50)
    block(200)
    await turn()
    expect(overload.isOver()).toBe(false)
    for (let i = 0; i < 6; i++) {
      block(200)
      await turn()
    }
    expect(overload.isOver()).toBe(true)
    await expect.poll(() => overload.isOver(), { timeout: 30_000 }).toBe(false)
    overload.close()
  })

  it('refuses new requests with 503 and a time to come back, and still tells its health', async () => {
    const vendor = await startVendor((call) => answerWell(call, 'text'))
    const gateway = await startGateway({
      providers: { vendor: { format: 'openai', base_url: vendor.url, keys: ['key-one-0001'] } },
      server: { overload: 20 },
    })
    const post = (): Promise<Response> =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }),
      })
    let busy = true
    const work = (): void => {
      block(180)
      if (busy) setTimeout(work, 0)
    }
    work()
    try {
      await expect
        .poll(async () => (await fetch(`${gateway.url}/health`)).text(), { timeout: 30_000 })
        .toContain('"overloaded"')
      const refused = await post()
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await refused.json()).toMatchObject({ error: { code: 'overloaded' } })
    } finally {
      busy = false
    }
    await expect.poll(async () => (await post()).status, { interval: 100, timeout: 30_000 }).toBe(200)
    await gateway.close()
    await vendor.close()
  })
})

it('an upstream that is ill gets no more than a tenth of further requests', { timeout: 60_000 }, async () => {
  const vendor = await startVendor(({ response }) => void response.writeHead(500).end('{}'))
  // many keys, so that no breaker hides the budget
  const keys = Array.from({ length: 400 }, (_, i) => `key-${i}-0001`)
  const gateway = await startGateway({
    providers: { vendor: { format: 'openai', base_url: vendor.url, keys } },
    server: { retries: 5, retry_share: 0.1 },
    scheduler: { max_wait: 0 },
  })
  for (let i = 0; i < 300; i++) {
    const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    await answer.text()
  }
  // the burst of 100 that was saved up, a tenth of 300, and one a second
  expect(vendor.calls.length - 300).toBeLessThan(100 + 30 + 30)
  await gateway.close()
  await vendor.close()
})
