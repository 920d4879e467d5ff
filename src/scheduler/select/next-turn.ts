/** When a key is due again after a request: stride scheduling, with bounds on how far it may fall behind or go ahead. */

/** Turns that a key may catch up after it slept. */
const CATCH_UP = 2
/** Turns that a key goes ahead of the others by what its cache brings it; beyond, it would be spared for too long after. */
const WARM_LEAD = 16

/** @param virtual the tier's time @param health share of its weight that the key deserves, above 0 */
export function nextTurn(turn: number, virtual: number, weight: number, health: number, isWarm: boolean): number {
  const after = Math.max(turn, virtual - CATCH_UP / weight) + 1 / (weight * health)
  return isWarm ? Math.max(turn, Math.min(after, virtual + WARM_LEAD / weight)) : after
}
