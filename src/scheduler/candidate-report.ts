/** The candidates of a request, in order, and what holds each of them back. */
import { SET_TO_REST } from './adjust-key.ts'
import type { CandidateReport } from './types.ts'
import type { KeyGroup } from './topology/key-group.ts'
import { incidentReason, incidentWait } from './health/incident.ts'
import { UNTIL_EVENT } from './limits/window.ts'
import { needOf } from './limits/request-cost.ts'
import type { Demand } from './limits/request-cost.ts'
import { demandOf } from './select/pick.ts'
import type { Pool } from './topology/pool.ts'
import { isTooLarge } from './topology/provider.ts'
import type { Waiting } from './queue/waiting.ts'
import type { Scope } from './topology/limit-scope.ts'
import { scopeReason, scopeWait } from './topology/limit-scope.ts'
import type { SchedulerState } from './state.ts'

export const TOO_LARGE = 'larger than its limits ever admit'

/** At most `most` candidates; of ten thousand keys, those that come first anyhow are asked for their reasons. */
export function reportCandidates(
  schedulerState: SchedulerState,
  pool: Pool,
  item: Waiting,
  now: number,
  most: number,
): CandidateReport[] {
  const found: { report: CandidateReport; rank: number }[] = []
  for (const { tier, keyGroups } of item.tiers) {
    for (const keyGroup of keyGroups) {
      const demand = demandOf(schedulerState, item, keyGroup)
      const shared: Scope[] = [keyGroup.provider.scope, pool.scope]
      shared.push(...item.client.scopes)
      const common = Math.max(keyGroup.providerWait(null, now), ...shared.map((scope) => scopeWait(scope, demand, now)))
      for (const slot of keyGroup.foremost(most)) {
        const wait = Math.max(keyGroup.wait(slot, demand, now), common)
        const reason = wait === 0 ? 'ready' : reasonOf(keyGroup, slot, shared, demand, now)
        const eta = wait >= UNTIL_EVENT ? null : Math.ceil(wait)
        const rank = keyGroup.rank[slot] ?? 0
        const report: CandidateReport = {
          key: keyGroup.key(slot).spec.name,
          provider: keyGroup.provider.spec.name,
          model: keyGroup.model.name,
          tier: tier.tier,
          eta,
          reason,
        }
        found.push({ report, rank })
      }
    }
  }
  found.sort(
    (a, b) =>
      (a.report.eta ?? Infinity) - (b.report.eta ?? Infinity) || a.report.tier - b.report.tier || a.rank - b.rank,
  )
  return found.slice(0, most).map(({ report }) => report)
}

function reasonOf(keyGroup: KeyGroup, slot: number, shared: readonly Scope[], demand: Demand, now: number): string {
  const key = keyGroup.key(slot)
  if (key.disabled) return 'disabled by the operator'
  if (key.restsUntil > now) return SET_TO_REST
  const keyModel = keyGroup.model.keyModels.get(slot)
  for (const retirement of [key.retirement, keyModel?.retirement]) {
    if (retirement && now < retirement.until) return `retired: ${retirement.reason}`
    if (retirement?.probing) return `being probed: ${retirement.reason}`
  }
  if (keyModel?.breaker && keyModel.breaker.openUntil > 0) {
    if (now < keyModel.breaker.openUntil) return 'circuit open after repeated faults'
    if (keyModel.breaker.probing) return 'being probed after repeated faults'
  }
  if (keyModel && isTooLarge(keyModel, demand, now)) return TOO_LARGE
  for (const incident of [keyGroup.provider.incident, keyGroup.model.incident])
    if (incidentWait(incident, now) > 0) return incidentReason(incident)
  const account = key.account && keyGroup.model.accountScopes.get(key.account)
  const scopes = [key.scope, key.account?.scope, keyModel?.scope, account, ...shared].filter(
    (scope) => scope !== undefined,
  )
  const waits = scopes.map((scope) => scopeWait(scope, demand, now))
  const worst = scopes[waits.indexOf(Math.max(...waits))]
  if (!worst) return 'ready'
  if (Math.max(...waits) === Infinity && neverFits(worst, demand, now)) return TOO_LARGE
  return scopeReason(worst, demand, now)
}

/** Concurrency frees by an event; every other Infinity is a size that no window holds. */
function neverFits(scope: Scope, demand: Demand, now: number): boolean {
  return scope.limits.some(
    ({ spec, window }) => spec.metric !== 'concurrency' && window.wait(now, needOf(spec, demand)) === Infinity,
  )
}
