/** The state of every scope, for people and for tests. */
import { SET_TO_REST } from './adjust-key.ts'
import type { KeyReport, LimitScope, SchedulerReport } from './types.ts'
import { beliefReason } from './limit-learning/enforcement-belief.ts'
import type { Limit } from './limits/limit.ts'
import { waitOf } from './limits/limit.ts'
import { incidentReason, incidentWait } from './health/incident.ts'
import { places, type Place } from './persistence/scope-address.ts'
import { UNTIL_EVENT } from './limits/window.ts'
import type { Key } from './topology/provider.ts'
import type { SchedulerState } from './state.ts'

export function reportOf(schedulerState: SchedulerState, now: number): SchedulerReport {
  const scopes: SchedulerReport['scopes'] = []
  const rests: SchedulerReport['rests'] = []
  for (const place of places(schedulerState)) {
    const { address, scope } = place
    const model = modelOf(scope.kind, address)
    const rest = restOf(place, now)
    if (rest) {
      const until = rest.until < UNTIL_EVENT ? schedulerState.toWall(rest.until) : undefined
      rests.push({
        scope: scope.name,
        kind: scope.kind,
        ...(model !== undefined && { model }),
        until,
        reason: rest.reason,
      })
    }
    for (const limit of scope.limits) {
      const { metric, period } = limit.spec
      scopes.push({
        scope: scope.name,
        kind: scope.kind,
        ...(model !== undefined && { model }),
        limit: period > 0 ? `${metric}/${period / 1000}s` : metric,
        level: limit.window.room(now),
        amount: limit.window.amount,
        nextFree: timeOf(Math.max(waitOf(limit, null, now), scope.until - now, 0)),
        fullIn: timeOf(limit.window.wait(now, limit.window.amount)),
        ...learntOf(limit),
      })
    }
  }
  for (const { spec, models } of schedulerState.providers.values()) {
    for (const { name, incident } of models.values()) {
      const wait = incidentWait(incident, now)
      if (wait === 0) continue
      const until = schedulerState.toWall(now + wait)
      rests.push({
        scope: `${spec.name} ${name}`,
        kind: 'provider',
        model: `${spec.name}/${name}`,
        until,
        reason: incidentReason(incident),
      })
    }
  }
  return {
    inFlight: schedulerState.leases.size,
    queued: schedulerState.queued,
    scopes,
    rests,
    keys: [...schedulerState.providers.values()].flatMap((provider) =>
      provider.keys.map((key) => ({
        key: key.spec.name,
        provider: provider.spec.name,
        inFlight: key.inFlight,
        weight: key.weight,
        ...(key.weight !== key.spec.weight && { configuredWeight: key.spec.weight }),
        ...stateOf(schedulerState, key, now),
      })),
    ),
    pools: [
      ...schedulerState.specs.keys(),
      ...[...schedulerState.pools.keys()].filter((name) => !schedulerState.specs.has(name)),
    ].map((model) => {
      const pool = schedulerState.pools.get(model)
      const routes = schedulerState.specs.get(model)?.routes ?? []
      const candidates = pool
        ? pool.keyGroups.reduce((sum, keyGroup) => sum + keyGroup.size, 0)
        : routes.reduce((sum, route) => sum + (schedulerState.providers.get(route.provider)?.keys.length ?? 0), 0)
      return { model, queued: pool?.queue.size ?? 0, candidates }
    }),
  }
}

/** What keeps all of a scope from being asked, and until when (monotonic). */
function restOf({ scope, keyModel, provider }: Place, now: number): { until: number; reason: string } | undefined {
  const retirement = keyModel?.retirement
  if (retirement && now < retirement.until) return { until: retirement.until, reason: `retired: ${retirement.reason}` }
  const openUntil = keyModel?.breaker?.openUntil ?? 0
  if (openUntil > now) return { until: openUntil, reason: 'circuit open after repeated faults' }
  if (scope.until > now) return { until: scope.until, reason: scope.reason }
  if (!provider) return undefined
  const wait = incidentWait(provider.incident, now)
  return wait > 0 ? { until: now + wait, reason: incidentReason(provider.incident) } : undefined
}

/** See `places`: a list of kind, provider or public model, and upstream model. */
function modelOf(kind: LimitScope, address: string): string | undefined {
  if (kind !== 'model' && kind !== 'key-model' && kind !== 'account-model') return undefined
  const [, name, model] = JSON.parse(address) as string[]
  return kind === 'model' ? name : `${name}/${model}`
}

/** What is believed of a limit beyond what was declared, and why. */
function learntOf({ learnt, belief }: Limit): { learnt?: string } {
  const reasons = [learnt?.reason, belief && beliefReason(belief)].filter((reason) => reason)
  return reasons.length > 0 ? { learnt: reasons.join('; ') } : {}
}

/** What only an event ends has no time. */
function timeOf(wait: number): number {
  return wait >= UNTIL_EVENT ? Infinity : wait
}

function stateOf(
  schedulerState: SchedulerState,
  key: Key,
  now: number,
): Pick<KeyReport, 'state' | 'until' | 'reason' | 'isSetToRest'> {
  if (key.disabled) return { state: 'disabled' }
  if (key.restsUntil > now)
    return { state: 'cooling', until: schedulerState.toWall(key.restsUntil), reason: SET_TO_REST, isSetToRest: true }
  const { retirement, scope, provider } = key
  if (retirement) {
    const state = now < retirement.until ? 'retired' : 'probing'
    return { state, until: schedulerState.toWall(retirement.until), reason: retirement.reason }
  }
  for (const cooling of [scope, key.account?.scope, provider.scope]) {
    if (cooling && cooling.until > now)
      return { state: 'cooling', until: schedulerState.toWall(cooling.until), reason: cooling.reason }
  }
  const slow = key.slowness >= 3
  return slow
    ? { state: 'slow', reason: `answers ${key.slowness.toFixed(1)} times as slowly as usual` }
    : { state: 'ready' }
}
