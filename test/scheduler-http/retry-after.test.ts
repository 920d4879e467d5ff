import { afterEach, describe, expect, it } from 'vitest'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { steppedClock, type TestClock } from './clock.ts'
import { startGateway, type TestGateway } from './gateway.ts'

const SECOND = 1000
const MIDNIGHT = Date.UTC(2026, 10, 24)
const IMPATIENT = { 'x-max-wait': '0' }
/** Milliseconds within which a told time must be exact: the guard against jitter. */
const EXACT = 100

let clock: TestClock
let sandbox: Sandbox
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await sandbox.close()
  clock.stop()
})

async function open(limit: EnforcedLimit, declared: Record<string, unknown>, start?: number): Promise<void> {
  clock = steppedClock(start)
  sandbox = await startSandbox({
    first_byte: 0,
    pace: 0,
    now: clock.wall,
    enforce: { dialect: 'blind', limits: [limit] },
  })
  gateway = await startGateway(
    {
      providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys: ['a'], limits: [declared] } },
      models: { fast: ['up/sandbox-fast'] },
    },
    { clock },
  )
}

async function status(): Promise<{ status: number; wait: number }> {
  const answer = await gateway.ask({}, IMPATIENT)
  await answer.text()
  return { status: answer.status, wait: Number(answer.headers.get('retry-after-ms')) }
}

const SHAPES: [name: string, EnforcedLimit, declared: Record<string, unknown>, start?: number][] = [
  [
    'bucket',
    { metric: 'requests', amount: 5, period: 2 * SECOND, shape: 'bucket' },
    { requests: 5, per: '2s', shape: 'bucket' },
  ],
  ['sliding', { metric: 'requests', amount: 5, period: SECOND, shape: 'sliding' }, { requests: 5, per: 'second' }],
  [
    'fixed',
    { metric: 'requests', amount: 5, period: SECOND, shape: 'fixed' },
    { requests: 5, per: 'second', shape: 'fixed' },
  ],
  [
    'calendar',
    { metric: 'requests', amount: 5, period: 86_400_000, shape: 'calendar' },
    { requests: 5, per: 'day', resets: '00:00 UTC' },
    MIDNIGHT - 1500,
  ],
  [
    'tokens',
    { metric: 'tokens', amount: 300, period: SECOND, shape: 'sliding', charge: 'input' },
    { tokens: 300, per: 'second', charge: 'input' },
  ],
]

describe('the time to come back', () => {
  it.each(SHAPES)('is true, and not padded: %s', async (_name, limit, declared, start) => {
    await open(limit, declared, start)
    let refused = await status()
    while (refused.status === 200) refused = await status()
    expect(refused.status).toBe(429)
    expect(refused.wait).toBeGreaterThan(0)
    if (refused.wait > EXACT) {
      await clock.sleep(refused.wait - EXACT)
      refused = await status()
      expect(refused.status).toBe(429)
      expect(refused.wait).toBeLessThanOrEqual(EXACT)
    }
    await clock.sleep(refused.wait)
    expect((await status()).status).toBe(200)
    expect(sandbox.stats.refused).toBe(0)
  })

  it('is told in seconds, in milliseconds, and key by key, at once and without asking the provider', async () => {
    await open({ metric: 'requests', amount: 1, period: 60_000 }, { rpm: 1 })
    await status()
    const asked = clock.now()
    const answer = await gateway.ask({}, { 'x-max-wait': '20s' })
    expect(clock.now() - asked).toBeLessThan(SECOND)
    expect(answer.status).toBe(429)
    // a minute and the guard against jitter, told as what every SDK waits for
    expect(answer.headers.get('retry-after')).toBe('60')
    expect(Math.abs(Number(answer.headers.get('retry-after-ms')) - 60_000)).toBeLessThan(SECOND)
    expect(await answer.json()).toMatchObject({
      error: {
        type: 'rate_limit_error',
        code: 'rate_limit_exceeded',
        message: expect.stringMatching(/^All keys for fast are busy or cooling down; try again in 6[01](\.\d)? s\.$/),
        keys: [
          { key: 'up#1', provider: 'up', model: 'sandbox-fast', reason: 'up#1: requests per minute: 0 of 1 left' },
        ],
      },
    })
    expect(sandbox.stats.requests).toBe(1)
  })

  it('is left out for a key that is out of service', async () => {
    await open({ metric: 'requests', amount: 100, period: 60_000 }, { rpm: 100 })
    await fetch(`${gateway.url}/v1/scheduler/keys/up%231/disable`, { method: 'POST' })
    const answer = await gateway.ask()
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBeNull()
    expect(await answer.json()).toMatchObject({
      error: { code: 'no_key', keys: [{ key: 'up#1', eta: null, reason: 'disabled by the operator' }] },
    })
    await fetch(`${gateway.url}/v1/scheduler/keys/up%231/enable`, { method: 'POST' })
    expect((await gateway.ask()).status).toBe(200)
  })
})
