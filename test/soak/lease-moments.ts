/** Requests at a strict provider by the moments of their leases: what would have been too many if none had come late. */
import { windowOf } from '../../src/sandbox/limits/windows.ts'
import type { EnforcedLimit, Window } from '../../src/sandbox/limits/types.ts'

/** `moment,sent`: when the ledger gave the lease, nothing where a replica gave it alone, and when the replica sent the request. */
export const LEASE_HEADER = 'x-soak-lease'

/** One request as the provider saw it. Milliseconds since 1970. */
export interface Arrival {
  key: string
  /** Of the ledger's clock; undefined of a request that a replica let go in its absence. */
  moment: number | undefined
  /** By the replica. */
  sent: number
  at: number
  isRefused: boolean
  /** Others of the key that were under way. */
  running: number
}

export function arrivalOf(header: unknown, rest: Pick<Arrival, 'key' | 'at' | 'running'>): Arrival {
  const [moment = '', sent = ''] = String(header ?? '').split(',')
  return {
    ...rest,
    moment: moment === '' ? undefined : Number(moment),
    sent: Number(sent) || rest.at,
    isRefused: false,
  }
}

/** Those that no provider would have admitted, had each come at the moment of its lease. */
export function tooMany(arrivals: readonly Arrival[], limits: readonly EnforcedLimit[]): Arrival[] {
  const windows = new Map<string, Window[]>()
  const over: Arrival[] = []
  for (const arrival of arrivals.toSorted((a, b) => momentOf(a) - momentOf(b))) {
    const now = momentOf(arrival)
    const own = windows.get(arrival.key) ?? limits.filter(({ metric }) => metric === 'requests').map(windowOf)
    windows.set(arrival.key, own)
    if (own.some((window) => window.wait(1, now) > 0)) over.push(arrival)
    else for (const window of own) window.take(1, now)
  }
  // No delay makes up for a place: it is free at the provider before anybody hears of it.
  const places = Math.min(...limits.filter(({ metric }) => metric === 'concurrency').map(({ amount }) => amount))
  const crowded = arrivals.filter(({ isRefused, running }) => isRefused && running >= places)
  return [...new Set([...over, ...crowded])]
}

/** How long after its lease, or its replica's own leave, the provider saw it. Milliseconds. */
export const lateness = (arrival: Arrival): number => arrival.at - momentOf(arrival)

const momentOf = ({ moment, sent }: Arrival): number => moment ?? sent
