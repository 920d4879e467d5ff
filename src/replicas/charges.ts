/** What a request needs of each limit, as the ledger and slices are asked for it. */
import type { LeaseRecord } from '../scheduler/lease/lease.ts'
import { costOf, needOf } from '../scheduler/limits/request-cost.ts'
import type { Other } from '../scheduler/select/others.ts'
import type { Charge } from './ledger/ledger-calls.ts'
import type { Mirror } from './mirror.ts'
import { sharedLimit } from './shared-limit.ts'
import type { Part } from './slices.ts'

export function partsOf(mirror: Mirror, lease: LeaseRecord): Part[] {
  return lease.holds.map((hold) => ({
    mirrored: mirror.of(hold, lease),
    units: Math.max(hold.asked, needOf(hold.limit.spec, lease.demand)),
  }))
}

/** The same request with another key. */
export function otherParts(mirror: Mirror, { parts, demand }: Other, lease: LeaseRecord): Part[] {
  return parts.map(({ limit, scope }) => ({
    mirrored: mirror.of({ limit, scope }, lease, true),
    units: needOf(limit.spec, demand),
  }))
}

/** What the ledger is asked for it. @param wall now, by the ledger's clock */
export function chargesOf(mirror: Mirror, { parts, demand }: Other, lease: LeaseRecord, wall: number): Charge[] {
  return parts.map(({ limit, scope }) => {
    const { key } = mirror.of({ limit, scope }, lease, true)
    return { ...sharedLimit(key, limit, wall), need: needOf(limit.spec, demand), cost: costOf(limit.spec, demand) }
  })
}
