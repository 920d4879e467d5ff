/** Who asks: weights for fairness and limits of their own. */
import type { ClientSpec } from '../options.ts'
import type { ToWall } from '../limits/window.ts'
import { LruMap } from '../structures/lru-map.ts'
import type { Scope } from './limit-scope.ts'
import { createScope } from './limit-scope.ts'

export interface Client {
  readonly name: string
  readonly weight: number
  /** Absent where it has no limits. */
  readonly scope: Scope | undefined
}

/** Unknown clients remembered at once; the one longest unseen is forgotten. */
const REMEMBERED = 10_000

/** `*` in `specs` is what every client without an entry of its own gets. */
export function createClients(specs: Readonly<Record<string, ClientSpec>>, toWall: ToWall, now: number) {
  const make = (name: string, spec: ClientSpec | undefined): Client => ({
    name,
    weight: spec?.weight ?? 1,
    scope: spec?.limits?.length ? createScope('client', `client ${name}`, spec.limits, toWall, now) : undefined,
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
  }
}

export type Clients = ReturnType<typeof createClients>
