/** `limits:` as written → LimitSpec, one per window. */
import { nearMiss } from '../../definition/near-miss.ts'
import type { Path } from '../../definition/error.ts'
import type { Charge, LimitScope, LimitSpec, Metric, Shape } from '../../scheduler/types.ts'
import { fault, type Fault } from '../problem.ts'
import { amount, milliseconds } from './quantities.ts'

export type Written = Record<string, unknown>
type Report = (fault: Fault) => void

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const SHORT: Record<string, [Metric, period: number]> = {
  rps: ['requests', SECOND],
  rpm: ['requests', MINUTE],
  rph: ['requests', HOUR],
  rpd: ['requests', DAY],
  tps: ['tokens', SECOND],
  tpm: ['tokens', MINUTE],
  tph: ['tokens', HOUR],
  tpd: ['tokens', DAY],
  itpm: ['input', MINUTE],
  otpm: ['output', MINUTE],
  concurrency: ['concurrency', 0],
}
const LONG: readonly Metric[] = ['requests', 'tokens', 'input', 'output', 'uncached', 'usd', 'neurons']

/** A month that is no calendar's has 30 days. */
const PERIODS: Record<string, number> = {
  second: SECOND,
  minute: MINUTE,
  hour: HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
}
const UNITS: ReadonlyMap<number, 'hour' | 'day' | 'week' | 'month'> = new Map([
  [HOUR, 'hour'],
  [DAY, 'day'],
  [7 * DAY, 'week'],
  [30 * DAY, 'month'],
])

/**
 * @param written a window, or a list of them; the schema has checked the shape
 * @param scope who shares a limit that does not say so itself: it follows from where the limit stands
 */
export function readLimits(written: unknown, scope: LimitScope, path: Path, report: Report): LimitSpec[] {
  if (written === undefined) return []
  if (!Array.isArray(written)) return readWindow(written as Written, scope, path, report)
  return written.flatMap((window, index) => readWindow(window as Written, scope, [...path, index], report))
}

/** Of one model, or one route to it. */
export function readModelLimits(written: unknown, path: Path, report: Report): LimitSpec[] {
  const limits = readLimits(written, 'account-model', path, report)
  const wide = limits.find(({ scope }) => scope === 'provider' || scope === 'model' || scope === 'client')
  if (wide) {
    const where =
      wide.scope === 'provider' ? 'the provider' : wide.scope === 'model' ? 'the public model' : 'the client'
    report(fault(path, `a model's limit holds for each key or account; ${where} has limits of its own`, 'value'))
  }
  return limits
}

function readWindow(window: Written, scope: LimitScope, path: Path, report: Report): LimitSpec[] {
  const measures = [
    ...Object.entries(SHORT).map(([name, [metric, period]]) => ({ name, metric, period })),
    ...LONG.map((metric) => ({ name: metric, metric, period: periodOf(window['per']) })),
  ].filter(({ name }) => window[name] !== undefined)
  if (measures.length === 0) {
    report(fault(path, 'this window limits nothing: say requests, tokens, concurrency, …', 'value'))
  }
  return measures.map(({ name, metric, period }) => {
    const limit: LimitSpec = {
      metric,
      amount: amount(window[name] as number | string),
      period,
      scope: (window['scope'] as LimitScope | undefined) ?? scope,
    }
    if (window['charge'] !== undefined) limit.charge = window['charge'] as Charge
    if (window['burst'] !== undefined) limit.burst = amount(window['burst'] as number | string)
    if (metric !== 'concurrency') shape(limit, window, path, report)
    return limit
  })
}

function periodOf(per: unknown): number {
  return typeof per === 'string' ? (PERIODS[per] ?? milliseconds(per)) : Number(per)
}

function shape(limit: LimitSpec, window: Written, path: Path, report: Report): void {
  const { resets } = window
  const calendar = resets !== undefined || window['shape'] === 'calendar'
  if (window['shape'] !== undefined) limit.shape = window['shape'] as Shape
  if (!calendar) return
  if (resets !== undefined && window['shape'] !== undefined && window['shape'] !== 'calendar') {
    report(fault([...path, 'shape'], `a window that resets by the clock is calendar, not ${String(window['shape'])}`))
  }
  const unit = UNITS.get(limit.period)
  if (unit === undefined) {
    report(fault([...path, 'per'], 'a window that resets by the clock is per hour, day, week or month'))
    return
  }
  limit.shape = 'calendar'
  limit.resets = { unit, ...readReset((resets as string | undefined) ?? '00:00', [...path, 'resets'], report) }
}

function readReset(text: string, path: Path, report: Report): { at: string; zone: string } {
  const [at = '00:00', zone = 'UTC'] = text.split(' ')
  if (!isZone(zone)) {
    const near = nearMiss(zone, Intl.supportedValuesOf('timeZone'))
    const hint = near === undefined ? '; expected one such as America/Los_Angeles or UTC' : `, did you mean ${near}?`
    report(fault(path, `unknown time zone ${zone}${hint}`, 'value', at.length + 1))
  }
  return { at, zone }
}

function isZone(zone: string): boolean {
  if (zone === 'UTC' || (zones ??= new Set(Intl.supportedValuesOf('timeZone'))).has(zone)) return true
  try {
    // another name of a zone, which takes a tenth of the time of a start to know
    new Date(0).toLocaleString('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

let zones: ReadonlySet<string> | undefined
