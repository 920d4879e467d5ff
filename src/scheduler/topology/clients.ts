/** Who asks: weights for fairness and limits of their own. */
import type { ClientSpec, GroupSpec } from '../options.ts'
import type { ToWall } from '../limits/window.ts'
import { LruMap } from '../structures/lru-map.ts'
import type { Scope } from './limit-scope.ts'
import type { Demand } from '../limits/request-cost.ts'
import { createScope, scopeWait } from './limit-scope.ts'

export interface Client {
  readonly name: string
  readonly weight: number
  /** Its own, and those of its groups; none where it has no limits. */
  readonly scopes: readonly Scope[]
}

/** Milliseconds until its own limits and those of its groups admit a demand. */
export function clientWait({ scopes }: Client, demand: Demand | null, now: number): number {
  let wait = 0
  for (const scope of scopes) wait = Math.max(wait, scopeWait(scope, demand, now))
  return wait
}

/** Unknown clients remembered at once; the one longest unseen is forgotten. */
const REMEMBERED = 10_000

/** `*` in `specs` is what every client without an entry of its own gets. */
export function createClients(
  specs: Readonly<Record<string, ClientSpec>>,
  groups: Readonly<Record<string, GroupSpec>>,
  toWall: ToWall,
  now: number,
) {
  const shared = new Map(
    Object.entries(groups).map(([name, { limits }]) => [
      name,
      createScope('client', `group ${name}`, limits, toWall, now),
    ]),
  )
  const make = (name: string, spec: ClientSpec | undefined): Client => ({
    name,
    weight: spec?.weight ?? 1,
    scopes: [
      ...(spec?.limits?.length ? [createScope('client', `client ${name}`, spec.limits, toWall, now)] : []),
      ...(spec?.groups ?? []).flatMap((group) => shared.get(group) ?? []),
    ],
  })
  const known = new Map(
    Object.entries(specs)
      .filter(([name]) => name !== '*')
      .map(([name, spec]) => [name, make(name, spec)]),
  )
  const others = new LruMap<Client>(REMEMBERED)
  return {
    get(name = 'anonymous'): Client {
      const met = known.get(name) ?? others.use(name)
      if (met) return met
      const client = make(name, specs['*'])
      others.set(name, client)
      return client
    },
    values: (): Client[] => [...known.values(), ...others.values()],
    groups: shared as ReadonlyMap<string, Scope>,
  }
}

export type Clients = ReturnType<typeof createClients>
