/** Keys that their provider no longer takes: off at once, then tried by one real request, ever more rarely. */
import { UNTIL_EVENT } from '../limits/window.ts'

/** Each probe costs a real request a detour, and refused credentials rarely come back by themselves. */
const FIRST_PROBE = 15 * 60_000
const LONGEST_PROBE = 6 * 3_600_000
/** Where more than a tenth of the keys are off, doubt pays: those are asked again after minutes. */
const FIRST_DOUBT = 60_000
const LONGEST_DOUBT = 8 * 60_000

/** Why, for people, by the kind of the refusal. */
export const DEATHS = {
  authentication: 'credentials refused',
  permission: 'not allowed',
  quota: 'no money or quota left',
} as const

export interface Retirement {
  reason: string
  /** May be tried again from then on (monotonic ms). */
  until: number
  /** Refusals in a row. */
  times: number
  probing: boolean
}

/**
 * Retires, or retires again for twice as long; never for less than it already is. `scarce`: so many keys are off that
 * a mistake would cost more than probes do.
 */
export function retire(
  before: Retirement | undefined,
  reason: string,
  now: number,
  least = 0,
  scarce = false,
): Retirement {
  // Several requests may be under way when a key dies; together they are one refusal.
  const again = before !== undefined && now >= before.until
  const times = before ? before.times + (again ? 1 : 0) : 1
  const [first, longest] = scarce ? [FIRST_DOUBT, LONGEST_DOUBT] : [FIRST_PROBE, LONGEST_PROBE]
  const told = Math.min(least, longest)
  const pause = Math.max(told, Math.min(longest, first * 2 ** Math.min(times - 1, 20)))
  return { reason, until: Math.max(before?.until ?? 0, now + pause), times, probing: false }
}

/** Milliseconds until a probe may go; `UNTIL_EVENT` while one is out. */
export function retirementWait(retirement: Retirement, now: number): number {
  if (now < retirement.until) return retirement.until - now
  return retirement.probing ? UNTIL_EVENT : 0
}
