import { afterEach, describe, expect, it } from 'vitest'
import type { EnforcedLimit, Enforcement } from '../../src/sandbox/limits/types.ts'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { clockAt } from './clock.ts'
import { DIALECTS, formatFor } from './dialect.ts'
import { startGateway, type TestGateway } from './gateway.ts'

/** Fourteen hours before the day ends in UTC. */
const MORNING = Date.UTC(2026, 10, 24, 10)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let sandbox: Sandbox
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await sandbox.close()
})

/** One key before a provider that enforces, and says what it enforces in its dialect. */
async function open(dialect: string, enforce: Partial<Enforcement>, declared: unknown, wall = MORNING): Promise<void> {
  const clock = clockAt(wall)
  sandbox = await startSandbox({
    first_byte: 0,
    pace: 0,
    now: clock.wall,
    enforce: { dialect, limits: [], ...enforce },
  })
  const { format, formats = {} } = formatFor(dialect)
  gateway = await startGateway(
    {
      formats,
      providers: { up: { format, base_url: `${sandbox.url}/v1`, keys: ['secret'], limits: declared } },
      models: { fast: ['up/sandbox-fast'] },
    },
    { clock },
  )
}

/** Somebody else uses the same key. */
async function useUp(requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) {
    const answer = await fetch(`${sandbox.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer secret' },
      body: JSON.stringify({ model: 'sandbox-fast', messages: [{ role: 'user', content: 'Hello' }] }),
    })
    expect(answer.status).toBe(200)
    await answer.text()
  }
}

const impatient = { 'x-max-wait': '0' }
const retryAfter = (answer: Response): number => Number(answer.headers.get('retry-after-ms'))
const bucket = (metric: EnforcedLimit['metric'], amount: number, period = MINUTE): EnforcedLimit => ({
  metric,
  amount,
  period,
  shape: 'bucket',
})

describe('what a provider says of its limits with each answer', () => {
  it.each([
    ['openai', 'requests', 'minute'],
    ['openai', 'tokens', 'minute'],
    ['azure', 'requests', 'minute'],
    ['azure', 'tokens', 'minute'],
    ['anthropic', 'requests', 'minute'],
    ['anthropic', 'tokens', 'minute'],
    ['anthropic', 'uncached', 'minute'],
    ['anthropic', 'output', 'minute'],
    ['groq', 'requests', 'day'],
    ['groq', 'tokens', 'minute'],
    ['cerebras', 'requests', 'day'],
    ['cerebras', 'tokens', 'minute'],
    ['mistral', 'requests', 'minute'],
    ['mistral', 'tokens', 'minute'],
    ['sambanova', 'requests', 'minute'],
    ['sambanova', 'requests', 'day'],
  ] as const)('%s: %s of the %s, also where more was declared', async (dialect, metric, per) => {
    const period = per === 'day' ? DAY : MINUTE
    await open(dialect, { limits: [bucket(metric, 70_000, period)] }, [{ [metric]: 100_000, per, shape: 'bucket' }])
    const answer = await gateway.ask({ max_tokens: 100 })
    expect(answer.status).toBe(200)
    await answer.text()
    const { scopes } = await gateway.report()
    expect(scopes).toHaveLength(1)
    expect(scopes[0]).toMatchObject({
      limit: `${metric}/${period / 1000}s`,
      amount: 70_000,
      learnt: expect.stringContaining('the provider says 70000'),
    })
    expect(scopes[0]?.level).toBeLessThanOrEqual(70_000)
    expect(scopes[0]?.level).toBeGreaterThan(69_000)
  })

  it.each(['openai', 'azure', 'anthropic', 'mistral', 'sambanova'])(
    '%s: where nothing was declared',
    async (dialect) => {
      await open(dialect, { limits: [bucket('requests', 50)] }, undefined)
      await (await gateway.ask()).text()
      const { scopes } = await gateway.report()
      expect(scopes).toMatchObject([{ limit: 'requests/60s', amount: 50, learnt: expect.stringContaining('50') }])
      expect(scopes[0]?.level).toBeLessThanOrEqual(49)
    },
  )
})

/** Of one request each ten seconds, none is left. */
const SLOW = { limits: [bucket('requests', 6)] }
const TWICE = [{ requests: 12, per: 'minute', shape: 'bucket' }]
const TELLS_WHEN = ['openai', 'azure', 'anthropic', 'groq', 'cerebras', 'openrouter', 'gemini']
/** These say how many are left, and with a declared shape that says when. */
const TELLS_LEVEL = ['mistral', 'sambanova']

describe('a refusal of the minute, when somebody else has used the key up', () => {
  it.each(DIALECTS)('%s: the client is told, and nothing more is sent before the time has come', async (dialect) => {
    await open(dialect, SLOW, TWICE)
    await useUp(6)
    const refused = await gateway.ask({}, impatient)
    expect(refused.status).toBe(429)
    const wait = retryAfter(refused)
    if (TELLS_WHEN.includes(dialect) || TELLS_LEVEL.includes(dialect)) {
      expect(wait).toBeGreaterThan(8500)
      // a tenth more where the limit was named and somebody else must have used it
      expect(wait).toBeLessThanOrEqual(11_500)
    } else {
      expect(wait).toBeGreaterThan(500)
      expect(wait).toBeLessThanOrEqual(11_500)
    }
    const { requests } = sandbox.stats
    const again = await gateway.ask({}, impatient)
    expect(again.status).toBe(429)
    expect(retryAfter(again)).toBeLessThanOrEqual(wait)
    const { error } = (await again.json()) as { error: { code: string; keys: { key: string; reason: string }[] } }
    expect(error.code).toBe('rate_limit_exceeded')
    expect(error.keys).toMatchObject([
      { key: 'up#1', reason: expect.stringMatching(/refused|rate limited|left|spent/) },
    ])
    expect(sandbox.stats.requests).toBe(requests)
  })
})

describe('a refusal of the day', () => {
  it.each(['openai', 'groq', 'cerebras', 'openrouter', 'gemini', 'sambanova'])(
    '%s: rests to its reset',
    async (dialect) => {
      const day: EnforcedLimit = { metric: 'requests', amount: 3, period: DAY, shape: 'calendar' }
      await open(dialect, { limits: [day] }, [{ requests: 100, per: 'day', resets: '00:00 UTC' }])
      await useUp(3)
      const refused = await gateway.ask({}, impatient)
      expect(refused.status).toBe(429)
      expect(Math.abs(retryAfter(refused) - 14 * HOUR)).toBeLessThan(2 * MINUTE)
      expect(refused.headers.get('x-should-retry')).toBe('false')
      expect(sandbox.stats.requests).toBe(4)
    },
  )

  it('cohere: a spent month is asked again each day', async () => {
    const month: EnforcedLimit = { metric: 'requests', amount: 3, period: 30 * DAY, shape: 'fixed' }
    await open('cohere', { limits: [month] }, undefined)
    await useUp(3)
    const refused = await gateway.ask({}, impatient)
    expect(refused.status).toBe(429)
    expect(Math.abs(retryAfter(refused) - 14 * HOUR)).toBeLessThan(2 * MINUTE)
  })
})

describe('an empty purse', () => {
  it.each(DIALECTS.filter((dialect) => dialect !== 'anthropic'))('%s: the key is out of service', async (dialect) => {
    await open(dialect, { broke: ['secret'] }, undefined)
    const answer = await gateway.ask({}, impatient)
    expect([402, 429]).toContain(answer.status)
    await answer.text()
    // the first may have been about one request; a second says that it is the key, where the vendor's words did not
    await (await gateway.ask({}, impatient)).text()
    expect(sandbox.stats.requests).toBeLessThanOrEqual(2)
    const { keys } = await gateway.report()
    expect(keys).toMatchObject([{ state: 'retired', reason: 'no money or quota left' }])
  })

  it('anthropic: a spent month rests', async () => {
    await open('anthropic', { broke: ['secret'] }, undefined)
    const answer = await gateway.ask({}, impatient)
    expect(answer.status).toBe(429)
    expect(retryAfter(answer)).toBeGreaterThan(HOUR)
    expect(sandbox.stats.requests).toBe(1)
  })
})

describe('a request that is too large for its limit', () => {
  it.each(['openai', 'groq'])('%s: is not sent twice, and smaller ones are served', async (dialect) => {
    await open(dialect, { limits: [bucket('tokens', 300)] }, undefined)
    const large = await gateway.ask({ max_tokens: 1000 })
    expect(large.status).toBe(413)
    const sent = sandbox.stats.requests
    expect((await gateway.ask({ max_tokens: 1000 })).status).toBe(413)
    expect(sandbox.stats.requests).toBe(sent)
    expect((await gateway.ask({ max_tokens: 20 })).status).toBe(200)
  })
})
