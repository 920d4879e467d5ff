/** When several keys of a provider are refused within seconds, it is not the keys: the address or the provider is. */

/** What is asked of a key. */
interface RefusedKey {
  readonly account: object | undefined
  readonly provider: { readonly keys: readonly unknown[] }
}

/** This many keys refused within so many milliseconds, with no good answer in between. */
const WITHIN = 5000
const KEYS = 3
const FIRST_PAUSE = 5000
const LONGEST_PAUSE = 60_000

interface Refusal {
  key: RefusedKey
  at: number
  /** Takes back what the refusal did to the key. */
  undo: () => void
}

export interface Refusals {
  recent: Refusal[]
  /** Pauses in a row. */
  pauses: number
}

/** Some key works, so the provider does. */
export function recordAnswer(refusals: Refusals): void {
  if (refusals.recent.length > 0) refusals.recent = []
  refusals.pauses = 0
}

/**
 * Notes a refusal. Returns 0, or for how many milliseconds the whole provider should rest; then the marks that the
 * refusals left on the keys have been taken back. Refused credentials are first of all the key's own fault, and they are
 * refused faster than others answer, so it takes half of all keys to blame the provider for those.
 */
export function recordRefusal(
  refusals: Refusals,
  key: RefusedKey,
  dead: boolean,
  now: number,
  undo: () => void,
): number {
  refusals.recent = refusals.recent.filter((refusal) => now - refusal.at <= WITHIN)
  refusals.recent.push({ key, at: now, undo })
  const distinct = new Set(refusals.recent.map((refusal) => refusal.key.account ?? refusal.key))
  if (distinct.size < (dead ? Math.max(KEYS, key.provider.keys.length / 2) : KEYS)) return 0
  for (const refusal of refusals.recent.toReversed()) refusal.undo()
  refusals.recent = []
  return Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** refusals.pauses++)
}
