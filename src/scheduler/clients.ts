/** Who asks: weights for fairness and limits of their own. */
import type { ClientSpec } from './options.ts'
import type { ToWall } from './limits/window.ts'
import type { Scope } from './scope.ts'
import { createScope } from './scope.ts'

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
  const others = new Map<string, Client>()
  return {
    get(name = 'anonymous'): Client {
      const client = known.get(name) ?? others.get(name) ?? make(name, specs['*'])
      if (known.has(name)) return client
      others.delete(name)
      others.set(name, client)
      const [oldest] = others.keys()
      if (others.size > REMEMBERED && oldest !== undefined) others.delete(oldest)
      return client
    },
    values: (): Client[] => [...known.values(), ...others.values()],
  }
}

export type Clients = ReturnType<typeof createClients>
