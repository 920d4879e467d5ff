/** Retries add load where there is trouble already, so they are a share of the traffic and no more. */

/** One retry for ten requests, and some to begin with. */
const SHARE = 0.1
const MOST = 20

export function createRetryBudget() {
  let left = MOST
  return {
    /** A request came. */
    earn(): void {
      left = Math.min(MOST, left + SHARE)
    },
    /** May one more try be made? */
    take(): boolean {
      if (left < 1) return false
      left--
      return true
    },
  }
}
