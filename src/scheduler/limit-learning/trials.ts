/** Of the limits of one kind of a provider that were cut by inference, one at a time tries what was declared. */

/** `L` is a limit. */
export interface Trials<L> {
  /** The limits that are cut. */
  readonly cut: Set<L>
  /** Since when any is (monotonic ms). */
  since: number
  running: Trial<L> | undefined
  /** The one before that found nothing: requests that left while it ran may be refused yet. */
  failed: { readonly limit: L; readonly startedAt: number; readonly endedAt: number } | undefined
  nextAt: number
  /** When the last one ended, or a limit was last cut. */
  pausedAt: number
  /** When a trial last found that nothing is cut, and how often in a row that was soon found wrong. */
  wonAt: number
  vain: number
}

export interface Trial<L> {
  readonly limit: L
  /** What it was cut to, and what was free of that when the trial began. */
  readonly amount: number
  readonly room: number
  readonly startedAt: number
  /** Units of answered requests that have left since. */
  accepted: number
}

export function createTrials<L>(): Trials<L> {
  return {
    cut: new Set(),
    since: 0,
    running: undefined,
    failed: undefined,
    nextAt: 0,
    pausedAt: -Infinity,
    wonAt: -Infinity,
    vain: 0,
  }
}
