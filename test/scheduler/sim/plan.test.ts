import { describe, expect, it } from 'vitest'
import type { KeySpec, LimitSpec } from '../../../src/scheduler/types.ts'
import { formatPlan } from '../../../src/scheduler/simulator/format-plan.ts'
import { plan } from '../../../src/scheduler/simulator/plan.ts'
import type { TraceRow } from '../../../src/scheduler/simulator/trace.ts'
import type { SchedulerSpec } from '../../../src/scheduler/scheduler.ts'

const MINUTE = 60_000
const rpm = (amount: number): LimitSpec => ({ metric: 'requests', amount, period: MINUTE })

function steady(requests: number, seconds: number, row: Partial<TraceRow> = {}): TraceRow[] {
  return Array.from({ length: requests }, (_, index) => ({
    t_s: (index * seconds) / requests,
    input_tokens: 100,
    output_tokens: 20,
    ...row,
  }))
}

function config(keys: number, limits: LimitSpec[], key: Partial<KeySpec> = {}): SchedulerSpec {
  const names = Array.from({ length: keys }, (_, index) => `p#${index + 1}`)
  return {
    providers: [{ name: 'p', weight: 1, limits: [], keys: names.map((name) => ({ name, weight: 1, limits, ...key })) }],
    pools: [
      { model: 'm', weight: 1, limits: [], routes: [{ provider: 'p', model: 'u', weight: 1, tier: 0, limits: [] }] },
    ],
    options: { max_wait: 20_000 },
  }
}

describe('a plan', () => {
  it('serves everything where the limits suffice, and shows how far each key was used', async () => {
    const report = await plan({ rows: steady(200, 600), config: config(2, [rpm(20)]) })
    expect(report).toMatchObject({ model: 'm', requests: 200, goodput: 100, failed: 0, refused: 0, errors: 0 })
    expect(report.wait.p99).toBeLessThan(0.01)
    expect(report.keys.map(({ key }) => key)).toEqual(['p/u#p#1', 'p/u#p#2'])
    for (const { served, tightest } of report.keys) {
      expect(served).toBe(100)
      expect(tightest?.limit).toBe('requests per minute')
      expect(tightest?.percentage).toBeCloseTo(50, -1)
    }
  })

  it('says the least number of keys and the least limits that reach the target', async () => {
    const rows = steady(600, 600)
    const report = await plan({ rows, config: config(1, [rpm(10)]), target: 99 })
    expect(report.goodput).toBeLessThan(40)
    expect(report.refused).toBe(0)
    const [keys, limits] = report.target?.remedies ?? []
    if (keys?.add !== 'keys' || keys.more === undefined) throw new Error('no keys were proposed')
    if (limits?.add !== 'limits' || limits.factor === undefined) throw new Error('no limits were proposed')
    const served = async (count: number, amount: number): Promise<number> =>
      (await plan({ rows, config: config(count, [rpm(amount)]) })).goodput
    expect(await served(1 + keys.more, 10)).toBeGreaterThanOrEqual(99)
    expect(await served(keys.more, 10)).toBeLessThan(99)
    expect(await served(1, 10 * limits.factor)).toBeGreaterThanOrEqual(99)
    expect(await served(1, 10 * (limits.factor - 0.05))).toBeLessThan(99)
  })

  it('knows that a second key of one account adds nothing', async () => {
    const rows = steady(300, 600)
    const own = config(2, [])
    const shared = config(2, [], { account: 'ours' })
    for (const { providers } of [own, shared]) providers[0]?.limits.push(rpm(15))
    const [apart, together] = [await plan({ rows, config: own }), await plan({ rows, config: shared })]
    expect(apart.goodput).toBe(100)
    expect(together.goodput).toBeLessThan(65)
    expect(together.refused).toBe(0)
  })

  it('spends a day that ends at midnight in California once before it and once after', async () => {
    const day: LimitSpec = {
      metric: 'requests',
      amount: 30,
      period: 86_400_000,
      resets: { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' },
    }
    // From an hour before their midnight to an hour after it.
    const rows = steady(120, 7200)
    const report = await plan({ rows, config: config(1, [day]), start: Date.UTC(2026, 0, 1, 7) })
    expect(report.keys[0]?.served).toBe(60)
    expect(report.refused).toBe(0)
  })

  it('is the same each time, and tells no upstream more than it bears', async () => {
    const limits: LimitSpec[] = [
      { ...rpm(12), shape: 'bucket' },
      { metric: 'tokens', amount: 4000, period: MINUTE, shape: 'fixed', charge: 'reserve-max' },
      { metric: 'concurrency', amount: 2, period: 0 },
    ]
    const request = { rows: steady(400, 600, { max_tokens: 300 }), config: config(2, limits) }
    const report = await plan(request)
    expect(await plan(request)).toEqual(report)
    expect(report.refused).toBe(0)
    expect(report.failed).toBeGreaterThan(0)
  })

  it('counts output as it comes where nobody says that the maximum is reserved', async () => {
    const output: LimitSpec = { metric: 'output', amount: 400, period: MINUTE }
    const rows = steady(150, 600, { max_tokens: 4000 })
    const report = await plan({ rows, config: config(1, [output]) })
    expect(report).toMatchObject({ goodput: 100, refused: 0 })
    expect(report.keys[0]?.tightest).toMatchObject({ limit: 'output per minute' })
  })

  it('says which requests nobody could ever take', async () => {
    const tokens: LimitSpec = { metric: 'tokens', amount: 1000, period: MINUTE }
    const rows = [...steady(5, 60), { t_s: 30, input_tokens: 5000, output_tokens: 10 }]
    const report = await plan({ rows, config: config(1, [tokens]) })
    expect(report.failed).toBe(1)
    expect(report.statuses).toEqual({ 413: 1 })
  })

  it('refuses a model that is not configured, and takes provider/model for one', async () => {
    const rows = steady(3, 3)
    await expect(plan({ rows, config: config(1, []), model: 'x' })).rejects.toThrow(/No model x .* there are m/)
    await expect(plan({ rows: [], config: config(1, []) })).rejects.toThrow(/no requests/)
    expect((await plan({ rows, config: config(1, []), model: 'p/other' })).keys[0]?.key).toBe('p/other#p#1')
  })

  it('reads well', async () => {
    const text = formatPlan(await plan({ rows: steady(600, 600), config: config(1, [rpm(10)]), target: 90 }))
    expect(text).toMatch(/^600 requests for m in 10\.0 min$/m)
    expect(text).toMatch(/^served +1\d\.\d\d %$/m)
    expect(text).toMatch(/^upstream 429s +0$/m)
    expect(text).toMatch(/^p\/u#p#1 +\d+ +0 +requests per minute +\d+ %$/m)
    expect(text).toMatch(/^- p: \d more keys of the same kinds/m)
    expect(text).toMatch(/^- all limits \d\.\d\d times as high$/m)
    const reached = formatPlan(await plan({ rows: steady(10, 600), config: config(1, [rpm(10)]), target: 90 }))
    expect(reached).toContain('The target of 90 % is reached.')
  })

  it('tries a configuration against providers that are not as declared', async () => {
    const request = { rows: steady(300, 600, { client: 'a' }), config: config(1, [rpm(40)]) }
    expect(await plan(request)).toMatchObject({ goodput: 100, refused: 0 })
    const lower = await plan({ ...request, world: { limits: 0.5 } })
    expect(lower.goodput).toBeLessThan(80)
    expect(formatPlan(lower)).toContain('supposing that providers enforce 50 % of the limits')
    const bare = await plan({ ...request, rows: steady(100, 600), world: { limits: 0.5, bare: true } })
    expect(bare.goodput).toBeGreaterThan(99)
    const twice = await plan({ ...request, speed: 2 })
    expect(twice.seconds).toBeCloseTo(299, 0)
    expect(twice.goodput).toBeLessThan(85)
    // two at once where one a second is let in: the second comes through all the same, a little later
    const pairs = steady(60, 300).flatMap((row) => [row, { ...row }])
    const seconds = await plan({ rows: pairs, config: config(2, [rpm(60)]), world: { seconds: true } })
    expect(seconds.goodput).toBeGreaterThan(99)
    expect(seconds.refused).toBeLessThan(20)
  })

  it('counts what a provider reserves where a request sets no maximum, declared or supposed', async () => {
    const tokens: LimitSpec = {
      metric: 'tokens',
      amount: 20_000,
      period: MINUTE,
      charge: 'reserve-max',
      shape: 'bucket',
    }
    const request = { rows: steady(1200, 600), config: config(1, [tokens]) }
    expect(await plan(request)).toMatchObject({ goodput: 100, refused: 0 })
    const supposed = await plan({ ...request, world: { reserves: 15_000 } })
    expect(supposed.refused).toBeGreaterThan(0)
    const declared = config(1, [tokens])
    Object.assign(declared.providers[0] ?? {}, { assumes_output: 15_000 })
    expect(await plan({ ...request, config: declared })).toMatchObject({ refused: 0 })
  })

  it('has another course with another seed', async () => {
    const request = { rows: steady(600, 600), config: config(1, [rpm(40)]) }
    expect(await plan({ ...request, seed: 2 })).not.toEqual(await plan(request))
  })
})
