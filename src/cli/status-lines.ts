/** The pool as lines of text: who waits, each key and why it rests, and the limits with the least left. */
import type { SchedulerReport } from '../scheduler/types.ts'

export interface View {
  origin: string
  /** Milliseconds since the epoch. */
  wall: number
  /** What the terminal has room for. */
  rows: number
  columns: number
}

const BAR = 20

export function statusLines(report: SchedulerReport, { origin, wall, rows, columns }: View): string[] {
  const { inFlight, queued, keys, pools, scopes } = report
  const waiting = pools.filter((pool) => pool.queued > 0)
  // those that rest first: whoever looks wants to know why
  const rank = ({ state }: SchedulerReport['keys'][number]): number => (state === 'ready' ? 1 : 0)
  const keyRows = keys.toSorted((a, b) => rank(a) - rank(b)).map((key) => keyRow(key, wall))
  const limitRows = scopes
    .filter(({ amount }) => amount > 0 && Number.isFinite(amount))
    .toSorted((a, b) => a.level / a.amount - b.level / b.amount)
    .map(limitRow)
  const head = [`${origin}  ${inFlight} running, ${queued} waiting`, '']
  const queue = waiting.map(({ model, queued: n, candidates }) => `  ${model}: ${n} wait for one of ${candidates} keys`)
  // titles, gaps, and what is told of those that are not shown
  const others = 5 + (queue.length > 0 ? 2 : 0)
  const free = Math.max(4, rows - head.length - queue.length - others)
  const forKeys = Math.min(keyRows.length, Math.ceil(free / 2))
  return [
    ...head,
    ...(queue.length > 0 ? ['QUEUE', ...queue, ''] : []),
    ...section('KEYS', keyRows, rows === Infinity ? Infinity : forKeys),
    '',
    ...section('LIMITS, the least left first', limitRows, free - (rows === Infinity ? 0 : forKeys)),
  ].map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line))
}

function section(title: string, cells: string[][], most: number): string[] {
  const shown = cells.slice(0, most)
  const widths = shown.reduce<number[]>(
    (known, row) => row.map((cell, at) => Math.max(known[at] ?? 0, cell.length)),
    [],
  )
  const lines = shown.map((row) => `  ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  ')}`.trimEnd())
  const more = cells.length - shown.length
  return [title, ...lines, ...(more > 0 ? [`  … and ${more} more`] : [])]
}

function keyRow({ key, state, inFlight, until, reason }: SchedulerReport['keys'][number], wall: number): string[] {
  const rest = until !== undefined && until > wall ? `${duration(until - wall)} left` : ''
  return [key, state, `${inFlight} running`, rest, reason ?? '']
}

function limitRow({ scope, limit, level, amount, nextFree, learnt }: SchedulerReport['scopes'][number]): string[] {
  const share = Math.min(1, Math.max(0, level / amount))
  const bar = '█'.repeat(Math.round(share * BAR)).padEnd(BAR, '░')
  // JSON has no Infinity
  const soon =
    (nextFree as number | null) === null ? 'when a request ends' : nextFree > 0 ? `in ${duration(nextFree)}` : ''
  return [scope, limit, bar, `${rounded(level)} of ${rounded(amount)}`, soon, learnt ?? '']
}

function rounded(value: number): string {
  return value >= 100 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1)
}

function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 120) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}
