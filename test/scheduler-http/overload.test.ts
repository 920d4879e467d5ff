import { describe, expect, it } from 'vitest'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { KEYS, tooHigh, truthful } from './declared.ts'
import { overload, type Outcome } from './overload.ts'

/** Twice what the keys can serve: at half as much again, three seconds are too short for anybody to be refused. */
const OVER = 2
const SECONDS = 3
const IMPATIENT = { scheduler: { max_wait: '1s' } }

/**
 * Of requests that the upstream refused. In real time, on a machine that does other work as well, a first request can be so
 * long on its way that a full bucket overflows meanwhile, and the answer that tells of a limit can be later than the request
 * that meets it. Exactly none is shown on the virtual clock (test/scheduler/sim).
 */
const BY_CHANCE = 1

function expectOrder(outcome: Outcome): void {
  expect(outcome.upstream.refused).toBeLessThanOrEqual(BY_CHANCE)
  expect(outcome.others).toEqual({})
  expect(outcome.timeless).toBe(0)
  expect(outcome.served + outcome.refused).toBe(outcome.offered)
  expect(outcome.upstream.requests - outcome.upstream.refused).toBe(outcome.served)
  expect(outcome).toMatchObject({ inFlight: 0, queued: 0 })
}

const second = 1000
const requests = (shape: EnforcedLimit['shape']): EnforcedLimit => ({
  metric: 'requests',
  amount: 10,
  period: second,
  shape,
})

describe.concurrent('twice what truly declared limits allow', { timeout: 30_000 }, () => {
  it.each(['bucket', 'sliding', 'fixed'] as const)(
    '%s: nothing is refused upstream but by chance, and little is left unused',
    async (shape) => {
      const capacity = 10 * KEYS.length
      const outcome = await overload({
        ...truthful(requests(shape)),
        config: IMPATIENT,
        rate: OVER * capacity,
        seconds: SECONDS,
      })
      expectOrder(outcome)
      expect(outcome.served).toBeGreaterThan(0.85 * capacity * SECONDS)
      expect(outcome.refused).toBeGreaterThan(0)
      for (const key of KEYS) expect(outcome.keys[key]).toBeGreaterThan(0.85 * 10 * SECONDS)
    },
  )

  it('calendar: what waits at the end of the day is served at its beginning', async () => {
    const limit: EnforcedLimit = {
      metric: 'requests',
      amount: 10,
      period: 86_400_000,
      shape: 'calendar',
      resets: { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' },
    }
    const outcome = await overload({
      ...truthful(limit, '00:00 America/Los_Angeles'),
      config: { scheduler: { max_wait: '2s' } },
      // midnight in California is two seconds away
      start: Date.UTC(2026, 10, 24, 8) - 2000,
      rate: 45,
      seconds: 4,
    })
    expectOrder(outcome)
    expect(outcome.served).toBe(2 * 10 * KEYS.length)
  })
})

describe.concurrent('the same of tokens and of requests at once', { timeout: 30_000 }, () => {
  const chat = (number: number): Record<string, unknown> => ({
    messages: [{ role: 'user', content: `Tell me about the number ${number}. `.repeat(1 + (number % 4)) }],
    max_tokens: 40,
  })

  it.each([
    ['tokens, input and the most that may come', 'tokens', 'reserve-max', 'bucket'],
    ['tokens, input and the most that may come', 'tokens', 'reserve-max', 'sliding'],
    ['tokens, input only', 'tokens', 'input', 'sliding'],
    ['input tokens', 'input', undefined, 'bucket'],
  ] as const)('%s: %s, %s, %s', async (_, metric, charge, shape) => {
    const amount = metric === 'input' || charge === 'input' ? 400 : 1000
    const outcome = await overload({
      ...truthful({ metric, charge, shape, amount, period: second }),
      config: IMPATIENT,
      rate: 100,
      seconds: SECONDS,
      body: chat,
    })
    expectOrder(outcome)
    expect(outcome.refused).toBeGreaterThan(0)
    expect(outcome.served).toBeGreaterThan(30)
  })

  it('requests at once', async () => {
    const outcome = await overload({
      ...truthful({ metric: 'concurrency', amount: 2, period: 0 }),
      sandbox: {
        first_byte: 150,
        enforce: { dialect: 'openai', limits: [{ metric: 'concurrency', amount: 2, period: 0 }] },
      },
      config: IMPATIENT,
      rate: (OVER * 2 * KEYS.length) / 0.15,
      seconds: SECONDS,
    })
    expectOrder(outcome)
    expect(outcome.served).toBeGreaterThan((0.7 * SECONDS * 2 * KEYS.length) / 0.15)
  })
})

describe.concurrent('limits that are declared 30 % too high, where headers tell the truth', { timeout: 30_000 }, () => {
  it.each([
    ['openai', 'requests', 'bucket'],
    ['openai', 'tokens', 'bucket'],
    ['azure', 'requests', 'bucket'],
    ['anthropic', 'requests', 'bucket'],
    ['groq', 'tokens', 'bucket'],
    ['cerebras', 'tokens', 'bucket'],
    ['mistral', 'requests', 'bucket'],
    ['sambanova', 'requests', 'bucket'],
    ['openai', 'requests', 'sliding'],
    ['openai', 'requests', 'fixed'],
  ] as const)('%s, %s, %s: they are learnt before they are met', async (dialect, metric, shape) => {
    const tokens = metric === 'tokens' ? 60 : 1
    // ten requests a second for each key, and ten at once; of windows, 30 in the minute that has begun
    const amount = shape === 'bucket' ? 600 * tokens : 30
    const burst = shape === 'bucket' ? 10 * tokens : undefined
    const { sandbox, provider, config } = tooHigh(dialect, { metric, amount, shape, burst })
    const outcome = await overload({
      sandbox,
      provider,
      config: { ...IMPATIENT, ...config },
      rate: OVER * 10 * KEYS.length,
      seconds: SECONDS,
      body: () => ({ max_tokens: 40 }),
    })
    expect(outcome.upstream.refused).toBeLessThanOrEqual(BY_CHANCE)
    expect(outcome.others).toEqual({})
    expect(outcome.timeless).toBe(0)
    expect(outcome.served).toBeGreaterThan(shape === 'bucket' ? 80 : 70)
    if (metric === 'requests') expect(outcome.refused).toBeGreaterThan(0)
  })
})
