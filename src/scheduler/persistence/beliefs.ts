/** What a provider is believed to do with crowded requests, as plain JSON, so that a restart need not be refused to learn it anew. */
import type { EnforcementBelief } from '../limit-learning/enforcement-belief.ts'
import { createBelief } from '../limit-learning/enforcement-belief.ts'
import type { LimitSpec } from '../types.ts'
import type { Provider } from '../topology/provider.ts'
import { believe } from '../topology/limit-scope.ts'

/** Times are wall-clock milliseconds; what is absent is as it is of a belief that is new. */
export interface BeliefEntry {
  spec: LimitSpec
  /** Absent: no finer part is believed in. */
  most?: number
  speed: number
  share: number
  convinced: number
  hold: number
  agedAt: number
  cutAt?: number
  loweredAt?: number
  lowered?: number
  refill?: 'bucket' | 'window'
  /** Answers and refusals by how crowded they were: those bins that are not empty. */
  accepted: Record<number, number>
  refused: Record<number, number>
}

/** None where there is nothing to keep. @param offset wall clock less monotonic clock */
export function saveBeliefs({ beliefs }: Provider, offset: number): Record<string, BeliefEntry> | undefined {
  const kept = [...beliefs].filter(([, { seen, most, refill }]) => seen > 0 || most < Infinity || refill !== undefined)
  if (kept.length === 0) return undefined
  return Object.fromEntries(kept.map(([name, belief]) => [name, entryOf(belief, offset)]))
}

function entryOf(belief: EnforcementBelief, offset: number): BeliefEntry {
  const { spec, most, speed, share, convinced, hold, agedAt, cutAt, loweredAt, lowered, refill } = belief
  return {
    spec,
    ...(most < Infinity && { most }),
    speed,
    share,
    convinced,
    hold,
    agedAt: agedAt + offset,
    ...(cutAt > -Infinity && { cutAt: cutAt + offset }),
    ...(loweredAt > -Infinity && { loweredAt: loweredAt + offset, lowered }),
    ...(refill && { refill }),
    accepted: sparse(belief.accepted),
    refused: sparse(belief.refused),
  }
}

/** Takes them up where they are sound; all limits of each kind keep to them from now on. */
export function restoreBeliefs(
  provider: Provider,
  entries: Record<string, BeliefEntry>,
  now: number,
  offset: number,
): void {
  for (const [name, entry] of Object.entries(entries)) {
    const { spec } = entry
    if (!(spec?.amount > 0 && spec.amount < Infinity && spec.period > 0)) continue
    const belief = createBelief(spec, now)
    const past = (wall: number | undefined) => (wall === undefined ? -Infinity : Math.min(now, wall - offset))
    const within = (value: unknown, least: number, most: number, usual: number) =>
      typeof value === 'number' && value >= least && value <= most ? value : usual
    Object.assign(belief, {
      most: within(entry.most, 0, spec.amount / belief.unit, Infinity),
      speed: within(entry.speed, 0.5, 1, 1),
      share: within(entry.share, 0, 1, 0),
      convinced: within(entry.convinced, 0, 100, belief.convinced),
      hold: within(entry.hold, 0, 3_600_000, belief.hold),
      agedAt: past(entry.agedAt),
      cutAt: past(entry.cutAt),
      loweredAt: past(entry.loweredAt),
      lowered: within(entry.lowered, 0, spec.amount, 0),
      refill: entry.refill === 'bucket' || entry.refill === 'window' ? entry.refill : undefined,
      seen: 1,
    })
    fill(belief.accepted, entry.accepted)
    fill(belief.refused, entry.refused)
    provider.beliefs.set(name, belief)
  }
  adoptBeliefs(provider)
}

function sparse(bins: Float64Array): Record<number, number> {
  const kept: Record<number, number> = {}
  for (const [bin, count] of bins.entries()) if (count > 1e-3) kept[bin] = Number(count.toFixed(3))
  return kept
}

function fill(bins: Float64Array, kept: Record<number, number> | undefined): void {
  for (const [bin, count] of Object.entries(kept ?? {}))
    if (Number(bin) < bins.length && count > 0 && count < 1e9) bins[Number(bin)] = count
}

/** All limits of the provider keep to its beliefs. */
function adoptBeliefs({ keys, models, beliefs }: Provider): void {
  for (const { scope, account } of keys) {
    believe(scope, beliefs)
    if (account) believe(account.scope, beliefs)
  }
  for (const { keyModels, accountScopes } of models.values()) {
    for (const { scope } of keyModels.values()) believe(scope, beliefs)
    for (const scope of accountScopes.values()) believe(scope, beliefs)
  }
}
