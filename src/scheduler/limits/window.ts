/** How much of a limit is free, now and later. All times are monotonic milliseconds; units are the metric's. */
export interface Window {
  readonly amount: number
  /** Units free at `now`; negative when overdrawn. */
  room(now: number): number
  /** Milliseconds until `units` are free, when nobody else takes any; 0 now, `UNTIL_EVENT`, or Infinity for never. */
  wait(now: number, units: number): number
  /** Charges `units`, also beyond what is free. The mark says when, for `give`. */
  take(now: number, units: number): number
  /** Gives back `units` of what was taken at `mark`; a negative number charges more. */
  give(now: number, units: number, mark: number): void
  /** Units that can be taken in total between `now` and `now + horizon`. */
  supply(now: number, horizon: number): number
  /** Milliseconds until what is unspent now is lost; Infinity where it only fills up. */
  expires(now: number): number
  resize(now: number, amount: number): void
  /** Lowers what is free to at most `room`: somebody else spends here too. */
  lower(now: number, room: number): void
  /**
   * The provider says that `room` was free right after `units` were taken at `mark`. Whatever its shape, only what was
   * taken since can have lessened that. Returns whether more is free now than was known.
   */
  raise?(now: number, room: number, mark: number, units: number): boolean
  /** Places are counted as taken for so many milliseconds longer than the window. */
  hold?(extra: number): void
  /** Units taken so long after `mark` that they arrived after what was taken then. */
  after?(mark: number): number
  /** Units that count once more since the clock was set back, told once: whether they do, only the provider knows. */
  recounted?(now: number): number
  /** State as plain JSON; times in it are wall-clock. Null when there is nothing worth keeping. */
  save(now: number): number[] | null
  load(now: number, state: readonly number[]): void
}

/** Wall-clock milliseconds at a monotonic instant. */
export type ToWall = (now: number) => number

/** A wait that no time ends but the end of another request: some 30,000 years. */
export const UNTIL_EVENT = 1e15

/** Slack for sums of fractions. */
export const EPSILON = 1e-9

/**
 * How far apart, in milliseconds, the network may push or pull two requests on their way. Measured spreads to hosted
 * providers stay below it; a window of a second can only afford 7 %.
 */
export function jitterGuard(period: number): number {
  return Math.min(120, period * 0.07)
}
