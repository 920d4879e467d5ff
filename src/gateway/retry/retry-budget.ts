/** How much traffic may be added to what clients ask for: a share of their requests, saved up to a burst. */

export interface RetryBudget {
  /** A client's request came. */
  earn(): void
  /** Takes one further request out of the budget, if there is one. */
  take(): boolean
}

export interface RetryBudgetOptions {
  /** Further requests for each of the clients', 0 to 1. */
  share: number
  /** Most that is saved up; full at the start. */
  burst: number
  /** Further requests a second that need no traffic to be earned by, so that a quiet server can still retry. */
  perSecond: number
  /** Milliseconds, monotonic. */
  now: () => number
}

export function createRetryBudget({ share, burst, perSecond, now }: RetryBudgetOptions): RetryBudget {
  let left = burst
  let last = now()
  return {
    earn() {
      left = Math.min(burst, left + share)
    },
    take() {
      const time = now()
      left = Math.min(burst, left + ((time - last) / 1000) * perSecond)
      last = time
      if (left < 1) return false
      left -= 1
      return true
    },
  }
}
