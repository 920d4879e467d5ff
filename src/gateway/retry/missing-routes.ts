/** Models that a provider said it does not have: for an hour their routes are the last choice, then one request tries. */
import type { PoolSpec } from '../../scheduler/types.ts'

export interface MissingRoutes {
  /** Routes (`provider/model`) that are better left alone now; the same set until something changes. */
  now(): ReadonlySet<string> | undefined
  /** The provider does not have it. */
  missed(route: string): void
  /** A request goes there: where it is time to look again, others wait for what it finds. */
  tried(route: string): void
  /** It answered. */
  found(route: string): void
}

/** Milliseconds: a model that is gone rarely comes back; a name that was mended in the vendor's console does. */
const REMEMBERED = 3_600_000
/** Milliseconds in which the one that looks should have found something. */
const LOOKING = 60_000

/**
 * Of routes that have others beside them alone: whoever asks for one model of one provider is told what that provider says.
 * @param now milliseconds, monotonic
 */
export function createMissingRoutes(pools: readonly PoolSpec[], now: () => number): MissingRoutes {
  const several = pools.filter(({ routes }) => routes.length > 1)
  const known = new Set(several.flatMap(({ routes }) => routes.map(({ provider, model }) => `${provider}/${model}`)))
  /** When each may be tried again. */
  const until = new Map<string, number>()
  let set: ReadonlySet<string> | undefined
  let changes = Infinity

  function note(route: string, end: number | undefined): void {
    if (end === undefined) until.delete(route)
    else until.set(route, end)
    // to be made anew
    changes = until.size === 0 ? Infinity : -Infinity
    if (until.size === 0) set = undefined
  }

  return {
    now() {
      if (changes === Infinity) return set
      const time = now()
      if (time < changes) return set
      const missing = [...until].filter(([, end]) => end > time)
      set = missing.length === 0 ? undefined : new Set(missing.map(([route]) => route))
      changes = Math.min(...missing.map(([, end]) => end))
      return set
    },
    missed(route) {
      if (known.has(route)) note(route, now() + REMEMBERED)
    },
    tried(route) {
      if (until.size === 0) return
      const end = until.get(route)
      if (end !== undefined && end <= now()) note(route, now() + LOOKING)
    },
    found(route) {
      if (until.size > 0 && until.has(route)) note(route, undefined)
    },
  }
}
