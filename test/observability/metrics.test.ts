/** The page of counters: its names, labels and bounds, whichever process counted. */
import { readFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { expect, it, vi } from 'vitest'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { addCounts, createMetrics, emptyCounts, type Counts } from '../../src/observability/metrics.ts'
import { DELAY_BOUNDS, watchEventLoop } from '../../src/observability/event-loop-delay.ts'
import { metricsText, type Standing } from '../../src/observability/metrics-page.ts'

const GOLDEN = readFileSync(new URL('./metrics.golden.txt', import.meta.url), 'utf8')
const WALL = 1_700_000_000_000
const NOW: Standing = {
  report: {
    inFlight: 2,
    queued: 1,
    rests: [],
    scopes: [
      { scope: 'acme#1', kind: 'key', limit: 'requests/60s', level: 7.5, amount: 60, nextFree: 0, fullIn: 0 },
      { scope: 'acme#1', kind: 'key', limit: 'concurrency', level: 0, amount: 2, nextFree: Infinity, fullIn: 0 },
      {
        scope: 'acme#1 m',
        kind: 'key-model',
        model: 'acme/m',
        limit: 'tokens/60s',
        level: 0,
        amount: 9,
        nextFree: 1500,
        fullIn: 0,
      },
      {
        scope: 'acme#1 invented',
        kind: 'key-model',
        model: 'acme/invented',
        limit: 'x',
        level: 1,
        amount: 1,
        nextFree: 0,
        fullIn: 0,
      },
    ],
    keys: [
      {
        key: 'acme#1',
        provider: 'acme',
        state: 'cooling',
        inFlight: 0,
        weight: 1,
        until: WALL + 2500,
        reason: 'rate limited',
      },
      { key: 'acme#2', provider: 'acme', state: 'ready', inFlight: 2, weight: 1 },
    ],
    pools: [
      { model: 'fast', queued: 1, candidates: 2 },
      { model: 'acme/invented', queued: 0, candidates: 2 },
      { model: 'acme/another', queued: 0, candidates: 2 },
    ],
  },
  faults: new Map([['acme', { kinds: new Map([['rate_limit', 3]]), expected: 2, unexpected: 1 }]]),
  models: new Set(['fast', 'acme/m']),
  workers: 1,
  version: '1.2.3',
  wall: WALL,
  process: { cpu: 1.5, memory: 100_000_000, started: 1_699_999_999.5 },
}

type Counted = Pick<RequestRecord, 'model' | 'provider' | 'outcome' | 'attempts' | 'total_ms' | 'queue_ms'> &
  Partial<RequestRecord>

const RECORDS: Counted[] = [
  {
    model: 'fast',
    provider: 'acme',
    outcome: 'ok',
    attempts: 1,
    stream: true,
    total_ms: 812,
    queue_ms: 0,
    first_ms: 250,
    input_tokens: 20,
    output_tokens: 30,
    cached_tokens: 5,
  },
  {
    model: 'fast',
    provider: 'acme',
    outcome: 'ok',
    attempts: 3,
    total_ms: 400_000,
    queue_ms: 10,
    first_ms: 301_000,
    input_tokens: 7,
    output_tokens: 9,
  },
  { model: 'say "hi"\\', provider: 'odd\nname', outcome: 'rate_limit', attempts: 2, total_ms: 10, queue_ms: 2000 },
  { model: 'invented', provider: undefined, outcome: 'unknown_model', attempts: 0, total_ms: 1, queue_ms: 0 },
]

function counted(records: Counted[]): Counts {
  const metrics = createMetrics(new Set(['fast', 'say "hi"\\']))
  for (const record of records) metrics.record({ id: undefined, client: undefined, stream: false, ...record })
  return metrics.counts()
}

it('has the names, labels, buckets and escapes that it always had', async () => {
  expect(await metricsText(counted(RECORDS), NOW)).toBe(GOLDEN)
})

it('is the same where each request was counted by another process', async () => {
  const sum = emptyCounts()
  for (const record of RECORDS) addCounts(sum, structuredClone(counted([record])))
  expect(await metricsText(sum, NOW)).toBe(GOLDEN)
})

const SHARED: Standing = {
  ...NOW,
  report: {
    ...NOW.report,
    replicas: {
      replica: 'a',
      replicas: ['a', 'b'],
      state: 'away',
      ahead: 40,
      roundTrips: 3,
      refused: 2,
      losses: 1,
      latency: 0.4,
      roundTripSeconds: { bounds: [0.001, 0.01], counts: [2, 1, 0, 0.005] },
    },
  },
}

it('tells of the state that replicas share, where they do', async () => {
  const page = await metricsText(counted(RECORDS), SHARED)
  for (const line of [
    'balanced_call_replicas 2',
    'balanced_call_state_up 0',
    'balanced_call_state_round_trip_seconds_bucket{le="0.01"} 3',
    'balanced_call_state_round_trip_seconds_count 3',
    'balanced_call_state_leased_ahead_total 40',
    'balanced_call_state_refused_total 2',
    'balanced_call_state_losses_total 1',
  ])
    expect(page.split('\n')).toContain(line)
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

it.skipIf(!hasPromtool)('is as Prometheus wants it, says promtool', async () => {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    input: await metricsText(counted(RECORDS), SHARED),
    encoding: 'utf8',
  })
  expect(`${stdout}${stderr}`).toBe('')
  expect(status).toBe(0)
})

it('stays short whatever clients ask for and however many keys there are', async () => {
  const scopes = Array.from({ length: 30_000 }, (_, index) => ({
    scope: `acme#${index}`,
    kind: 'key' as const,
    limit: 'requests/60s',
    level: 1,
    amount: 1,
    nextFree: 0,
    fullIn: 0,
  }))
  const keys = scopes.map(({ scope }) => ({
    key: scope,
    provider: 'acme',
    state: 'cooling',
    inFlight: 0,
    weight: 1,
    until: WALL + 1,
  }))
  const pools = scopes.map(({ scope }) => ({ model: `acme/${scope}`, queued: 1, candidates: 1 }))
  const page = await metricsText(counted([]), { ...NOW, report: { ...NOW.report, scopes, keys, pools } })
  expect(page.split('\n').length).toBeLessThan(5000)
  expect(page).toContain('balanced_call_limits_untold 29000')
  expect(page).toContain('balanced_call_pool_queued{model="other"} 30000')
  expect(page).toContain('balanced_call_keys{provider="acme",state="cooling"} 30000')
})

it('tells how late the event loop was', () => {
  vi.useFakeTimers()
  let time = 0
  const { delay } = emptyCounts()
  const stop = watchEventLoop(delay, () => time)
  for (const late of [0, 0, 300]) {
    time += 100 + late
    vi.advanceTimersByTime(100)
  }
  stop()
  time += 1000
  vi.advanceTimersByTime(1000)
  vi.useRealTimers()
  const above = DELAY_BOUNDS.findIndex((bound) => bound >= 0.3)
  expect(delay.map((n, index) => [n, index]).filter(([n]) => n)).toEqual([
    [2, 0],
    [1, above],
    [0.3, DELAY_BOUNDS.length + 1],
  ])
})
