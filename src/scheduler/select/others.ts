/** Keys that could take a request in place of the one that was picked, for whoever has to ask others before it is sent. */
import type { LeaseRecord } from '../lease/lease.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { Limit } from '../limits/limit.ts'
import { scopesOf } from '../queue/dispatch.ts'
import type { SchedulerState } from '../state.ts'
import type { Choice } from '../topology/key-group.ts'
import type { Scope } from '../topology/limit-scope.ts'
import { demandOf, nextBest } from './pick.ts'

export interface Other {
  readonly choice: Choice
  readonly demand: Demand
  /** All limits that it would touch. */
  readonly parts: readonly { limit: Limit; scope: Scope }[]
}

export function others(schedulerState: SchedulerState, lease: LeaseRecord, count: number, now: number): Other[] {
  const { pool, item } = lease
  const exclude = new Set(item.request.exclude).add(lease.id)
  const found: Other[] = []
  while (found.length < count) {
    const choice = nextBest(schedulerState, pool, item, exclude, now)
    if (!choice) break
    exclude.add(choice.keyGroup.id(choice.slot))
    const scopes = scopesOf(schedulerState, pool, item, choice, now)
    const parts = scopes.flatMap((scope) => scope?.limits.map((limit) => ({ limit, scope })) ?? [])
    found.push({ choice, demand: demandOf(schedulerState, item, choice.keyGroup), parts })
  }
  return found
}
