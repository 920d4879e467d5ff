/** What `status` shows of a pool, and how it fits a terminal. */
import { expect, it } from 'vitest'
import { statusLines } from '../../src/cli/status-lines.ts'
import type { SchedulerReport } from '../../src/scheduler/types.ts'

const WALL = 1_700_000_000_000
const REPORT: SchedulerReport = {
  inFlight: 3,
  queued: 2,
  keys: [
    { key: 'acme#1', provider: 'acme', state: 'ready', inFlight: 3, weight: 1 },
    {
      key: 'acme#2',
      provider: 'acme',
      state: 'cooling',
      inFlight: 0,
      weight: 1,
      until: WALL + 4200,
      reason: 'rate limited',
    },
  ],
  pools: [
    { model: 'fast', queued: 2, candidates: 2 },
    { model: 'idle', queued: 0, candidates: 2 },
  ],
  rests: [],
  scopes: [
    { scope: 'acme#1', kind: 'key', limit: 'requests/60s', level: 45, amount: 60, nextFree: 0, fullIn: 0 },
    { scope: 'acme#2', kind: 'key', limit: 'requests/60s', level: 0, amount: 60, nextFree: 4200, fullIn: 0 },
    { scope: 'acme#2', kind: 'key', limit: 'concurrency', level: 0, amount: 0, nextFree: Infinity, fullIn: 0 },
  ],
}

it('tells first who waits, which key rests and which limit is spent', () => {
  expect(statusLines(REPORT, { origin: 'http://here', wall: WALL, rows: Infinity, columns: 120 })).toEqual([
    'http://here  3 running, 2 waiting',
    '',
    'QUEUE',
    '  fast: 2 wait for one of 2 keys',
    '',
    'KEYS',
    '  acme#2  cooling  0 running  5 s left  rate limited',
    '  acme#1  ready    3 running',
    '',
    'LIMITS, the least left first',
    '  acme#2  requests/60s  ░░░░░░░░░░░░░░░░░░░░  0 of 60   in 5 s',
    '  acme#1  requests/60s  ███████████████░░░░░  45 of 60',
  ])
})

it('fits the terminal, however many keys there are', () => {
  const keys = Array.from({ length: 500 }, (_, index) => ({ ...REPORT.keys[0]!, key: `acme#${index}` }))
  const scopes = keys.map(({ key }) => ({ ...REPORT.scopes[0]!, scope: key }))
  const lines = statusLines({ ...REPORT, keys, scopes }, { origin: 'http://here', wall: WALL, rows: 24, columns: 40 })
  expect(lines.length).toBeLessThanOrEqual(24)
  expect(lines.every((line) => line.length <= 40)).toBe(true)
  expect(lines.join('\n')).toMatch(/… and \d+ more/)
})

it('reads what JSON makes of a limit that only an event frees', () => {
  const [scope] = JSON.parse(JSON.stringify([{ ...REPORT.scopes[2], amount: 2 }])) as SchedulerReport['scopes']
  const lines = statusLines({ ...REPORT, scopes: [scope!] }, { origin: '', wall: WALL, rows: Infinity, columns: 120 })
  expect(lines.at(-1)).toContain('when a request ends')
})
