import { describe, expect, it } from 'vitest'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { dialectNames } from '../../src/sandbox/limits/dialect.ts'
import { enforcer } from '../../src/sandbox/limits/enforcer.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { ask } from './ask.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const START = Date.UTC(2026, 10, 24, 12, 0, 0)

const rpm = (amount: number): EnforcedLimit => ({ metric: 'requests', amount, period: MINUTE })
const rpd = (amount: number): EnforcedLimit => ({ metric: 'requests', amount, period: DAY })
const tpm = (amount: number): EnforcedLimit => ({ metric: 'tokens', amount, period: MINUTE })

/** The first request is admitted, then as many more as it takes until one is refused. */
function speak(dialect: string, limits: EnforcedLimit[], input = 100, most = 0) {
  const judge = enforcer({ dialect, limits }, () => START)
  const call = { key: 'key', model: 'sandbox' }
  const first = judge.admit(call, input, most)
  for (let tries = 0; tries < 1000; tries++) {
    const next = judge.admit(call, input, most)
    if ('refusal' in next) return { headers: 'headers' in first ? first.headers : {}, refusal: next.refusal }
  }
  throw new Error('nothing was refused')
}

const message = (body: unknown): string => String(Object(Object(body).error).message)

describe('a dialect', () => {
  it('tells of a bucket as OpenAI does: limit, used, requested, and when to come back', () => {
    const { headers, refusal } = speak('openai', [rpm(5000), tpm(10_000)], 3000, 600)
    expect(headers).toEqual({
      'x-ratelimit-limit-requests': '5000',
      'x-ratelimit-remaining-requests': '4999',
      'x-ratelimit-reset-requests': '12ms',
      'x-ratelimit-limit-tokens': '10000',
      'x-ratelimit-remaining-tokens': '6400',
      'x-ratelimit-reset-tokens': '21.6s',
    })
    expect(message(refusal.body)).toContain(
      'on tokens per min (TPM): Limit 10000, Used 7200, Requested 3600. Please try again in 4.8s.',
    )
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'retry-after': '5', 'retry-after-ms': '4800' },
      body: { error: { type: 'tokens' } },
    })
  })

  it('tells what can never fit', () => {
    const judge = enforcer({ dialect: 'openai', limits: [tpm(30_000)] }, () => START)
    const refused = judge.admit({ key: 'key', model: 'sandbox' }, 36_055, 0)
    expect('refusal' in refused && message(refused.refusal.body)).toMatch(
      /^Request too large .* Limit 30000, Requested 36055\./,
    )
  })

  it('writes resets as Anthropic does, in RFC 3339 and thousands', () => {
    const input: EnforcedLimit = { metric: 'input', amount: 40_000, period: MINUTE }
    const { headers, refusal } = speak('anthropic', [rpm(50), input], 15_300)
    expect(headers).toMatchObject({
      'anthropic-ratelimit-requests-remaining': '49',
      'anthropic-ratelimit-input-tokens-remaining': '25000',
      'anthropic-ratelimit-input-tokens-reset': '2026-11-24T12:00:23Z',
    })
    expect(refusal).toMatchObject({
      status: 429,
      headers: { 'retry-after': '9' },
      body: { error: { type: 'rate_limit_error' } },
    })
    expect(message(refusal.body)).toContain('40000 input tokens per minute')
  })

  it('counts requests by the day in Groq’s headers, and refills them without end', () => {
    const { headers } = speak('groq', [rpd(14_400), tpm(6000)], 100)
    expect(headers).toMatchObject({
      'x-ratelimit-limit-requests': '14400',
      'x-ratelimit-reset-requests': '6s',
      'x-ratelimit-reset-tokens': '1s',
    })
    expect(message(speak('groq', [tpm(1000)], 100).refusal.body)).toContain(
      'on tokens per minute (TPM): Limit 1000, Used 1000, Requested 100',
    )
  })

  it('gives seconds with a fraction as Cerebras does', () => {
    const { headers, refusal } = speak('cerebras', [rpd(14_400), tpm(60_000)], 2500)
    expect(headers['x-ratelimit-reset-tokens-minute']).toBe('2.5')
    expect(refusal.body).toMatchObject({
      message: 'Tokens per minute limit exceeded - too many tokens processed.',
      code: 'token_quota_exceeded',
    })
  })

  it('leaves callers in the dark as Mistral does', () => {
    const { headers, refusal } = speak('mistral', [rpm(60), tpm(500)], 100)
    expect(headers['x-ratelimit-tokens-query-cost']).toBe('100')
    expect(refusal.body).toMatchObject({ object: 'error', code: '1300' })
    expect(Object.keys(refusal.headers ?? {})).not.toContain('retry-after')
  })

  it('hides headers in the body as OpenRouter does, the reset in epoch milliseconds', () => {
    const daily: EnforcedLimit = { ...rpd(3), shape: 'calendar', resets: { unit: 'day', at: '00:00', zone: 'UTC' } }
    const { headers, refusal } = speak('openrouter', [rpm(20), daily])
    expect(headers).toEqual({})
    expect(refusal.body).toMatchObject({
      error: {
        message: 'Rate limit exceeded: free-models-per-day. ',
        metadata: {
          headers: {
            'X-RateLimit-Limit': '3',
            'X-RateLimit-Remaining': '0',
            'X-RateLimit-Reset': String(Date.UTC(2026, 10, 25)),
          },
          limit_source: 'openrouter_free_tier_daily',
        },
      },
    })
  })

  it('lists every quota that was met as Gemini does', () => {
    const daily: EnforcedLimit = {
      ...rpd(2),
      shape: 'calendar',
      resets: { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' },
    }
    const { refusal } = speak('gemini', [{ ...rpm(2), shape: 'fixed' }, daily])
    const details: unknown[] = Object(Object(refusal.body).error).details
    expect(details[0]).toMatchObject({
      violations: [
        { quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier', quotaValue: '2' },
        { quotaId: 'GenerateRequestsPerMinutePerProjectPerModel-FreeTier', quotaValue: '2' },
      ],
    })
    expect(details[1]).toMatchObject({ retryDelay: '72000s' })
  })

  it.each(dialectNames())('%s refuses in full sentences, whatever the limit', (dialect) => {
    for (const limits of [[rpm(2)], [rpd(2)], [tpm(250)], [{ metric: 'concurrency', amount: 1, period: 0 } as const]]) {
      const { refusal } = speak(dialect, limits)
      expect(refusal.status).toBeGreaterThanOrEqual(400)
      expect(JSON.stringify(refusal)).not.toMatch(/\$|undefined|NaN|Infinity|null,null/)
      expect(refusal.body).toBeTypeOf('object')
    }
    const broke = enforcer({ dialect, limits: [], broke: ['key'] }, () => START).admit(
      { key: 'key', model: 'sandbox' },
      1,
      1,
    )
    expect('refusal' in broke && broke.refusal.status).toBeGreaterThanOrEqual(402)
  })

  it('that does not exist is refused at the start', () => {
    expect(() => enforcer({ dialect: 'klingon', limits: [] }, () => START)).toThrow(
      /no dialect "klingon": one of openai/,
    )
  })
})

describe('a sandbox with limits', () => {
  it('enforces them on the wire, on the clock that it is given', async () => {
    let now = START
    const sandbox = await startSandbox({
      first_byte: 0,
      pace: 0,
      now: () => now,
      enforce: { dialect: 'openai', limits: [rpm(2)] },
    })
    const statuses = async (): Promise<number[]> => [(await ask(sandbox, {})).status, (await ask(sandbox, {})).status]
    expect(await statuses()).toEqual([200, 200])
    const refused = await ask(sandbox, {})
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30'])
    expect((await ask(sandbox, {}, { authorization: 'Bearer key-2' })).status).toBe(200)
    now += 30_000
    expect(await statuses()).toEqual([200, 429])
    expect(sandbox.stats).toMatchObject({
      requests: 6,
      refused: 2,
      keys: { 'key-1': { refused: 2 }, 'key-2': { refused: 0 } },
    })
    await sandbox.close()
  })

  it('frees a concurrent slot when a caller leaves', async () => {
    const sandbox = await startSandbox({
      enforce: { dialect: 'openai', limits: [{ metric: 'concurrency', amount: 1, period: 0 }] },
    })
    const gone = new AbortController()
    const hanging = ask(sandbox, { model: 'sandbox-hang' }, {}, gone.signal).catch(() => 'left')
    while (sandbox.stats.inFlight === 0) await new Promise((resolve) => setImmediate(resolve))
    expect((await ask(sandbox, {})).status).toBe(429)
    gone.abort()
    await hanging
    while (sandbox.stats.inFlight > 0) await new Promise((resolve) => setImmediate(resolve))
    expect((await ask(sandbox, { sandbox: { first_byte: 0 } })).status).toBe(200)
    await sandbox.close()
  })
})
