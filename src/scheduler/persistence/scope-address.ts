/** Names for scopes that outlive the process: a JSON list of what the scope belongs to. */
import type { Key, KeyModel, Provider } from '../topology/provider.ts'
import { accountScopeOf, keyModelOf, modelOf } from '../topology/provider.ts'
import { poolOf } from '../topology/pool-directory.ts'
import type { KeyGroup } from '../topology/key-group.ts'
import type { Pool } from '../topology/pool.ts'
import type { Scope } from '../topology/limit-scope.ts'
import type { SchedulerState } from '../state.ts'
import type { Client } from '../topology/clients.ts'
import type { ChangeSet } from './change-set.ts'
import type { Limit } from '../limits/limit.ts'

/** A scope, and the key or pair of key and model that it is the own scope of. */
export interface Place {
  address: string
  scope: Scope
  key?: Key
  keyModel?: KeyModel
  provider?: Provider
}

export interface ClientLimit {
  /** `client alice`, `group research`. */
  scope: string
  limit: Limit
}

const addressOf = (...parts: readonly string[]): string => JSON.stringify(parts)

/** Every scope that exists by now, once. */
export function* places(schedulerState: SchedulerState): Generator<Place> {
  for (const [name, provider] of schedulerState.providers) {
    yield { address: addressOf('provider', name), scope: provider.scope, provider }
    const accounts = new Set(provider.keys.flatMap(({ account }) => account ?? []))
    for (const { id, scope } of accounts) yield { address: addressOf('account', name, id), scope }
    for (const key of provider.keys) yield { address: addressOf('key', name, key.spec.name), scope: key.scope, key }
    for (const model of provider.models.values()) {
      for (const [account, scope] of model.accountScopes) {
        yield { address: addressOf('account-model', name, model.name, account.id), scope }
      }
      for (const [slot, keyModel] of model.keyModels) {
        const key = provider.keys[slot]
        if (!key) continue
        yield { address: addressOf('key-model', name, model.name, key.spec.name), scope: keyModel.scope, keyModel }
      }
    }
  }
  for (const [model, pool] of schedulerState.pools) yield { address: addressOf('model', model), scope: pool.scope }
  // several clients share that of a group
  const told = new Set<Scope>()
  for (const client of schedulerState.clients.values()) {
    for (const place of placesOfClient(client)) {
      if (told.has(place.scope)) continue
      told.add(place.scope)
      yield place
    }
  }
}

/** The scopes that were touched, some of them more than once. */
export function* placesOf({ keyGroups, clients, keys }: ChangeSet): Generator<Place> {
  for (const [keyGroup, { pool, slots }] of keyGroups)
    for (const slot of slots) yield* placesOfSlot(pool, keyGroup, slot)
  for (const client of clients) yield* placesOfClient(client)
  for (const key of keys)
    yield { address: addressOf('key', key.provider.spec.name, key.spec.name), scope: key.scope, key }
}

/** Their names say whether they are its own, or a group's. */
function* placesOfClient({ scopes }: Client): Generator<Place> {
  for (const scope of scopes) {
    const space = scope.name.indexOf(' ')
    yield { address: addressOf(scope.name.slice(0, space), scope.name.slice(space + 1)), scope }
  }
}

/** A group's once, however many are in it. */
export function clientLimitsOf({ clients }: SchedulerState): ClientLimit[] {
  const scopes = new Set(clients.values().flatMap((client) => client.scopes))
  return [...scopes].flatMap(({ name: scope, limits }) => limits.map((limit) => ({ scope, limit })))
}

/** All that a request with one key of one key group counts against, the client's own scope aside. */
export function* placesOfSlot(pool: Pool, keyGroup: KeyGroup, slot: number): Generator<Place> {
  const { provider } = keyGroup
  const { spec, scope } = provider
  const key = keyGroup.key(slot)
  yield { address: addressOf('provider', spec.name), scope, provider }
  yield { address: addressOf('key', spec.name, key.spec.name), scope: key.scope, key }
  yield { address: addressOf('model', pool.spec.model), scope: pool.scope }
  const { account } = key
  if (account) {
    yield { address: addressOf('account', spec.name, account.id), scope: account.scope }
    for (const other of account.keys)
      yield { address: addressOf('key', spec.name, other.spec.name), scope: other.scope, key: other }
    const shared = keyGroup.model.accountScopes.get(account)
    if (shared) yield { address: addressOf('account-model', spec.name, keyGroup.model.name, account.id), scope: shared }
  }
  const keyModel = keyGroup.model.keyModels.get(slot)
  if (keyModel) {
    yield {
      address: addressOf('key-model', spec.name, keyGroup.model.name, key.spec.name),
      scope: keyModel.scope,
      keyModel,
    }
  }
}

/** The place of an address, made if need be; undefined for what the configuration no longer has. */
export function placeAt(schedulerState: SchedulerState, address: string): Place | undefined {
  const parts: unknown = JSON.parse(address)
  if (!Array.isArray(parts) || !parts.every((part) => typeof part === 'string')) return undefined
  const [kind, name = '', third = '', fourth = ''] = parts
  const now = schedulerState.clock.now()
  const provider = schedulerState.providers.get(name)
  const keyNamed = (wanted: string) => provider?.keys.find(({ spec }) => spec.name === wanted)
  const accountNamed = (wanted: string) => provider?.keys.find(({ account }) => account?.id === wanted)?.account
  switch (kind) {
    case 'provider':
      return provider && { address, scope: provider.scope, provider }
    case 'account': {
      const account = accountNamed(third)
      return account && { address, scope: account.scope }
    }
    case 'key': {
      const key = keyNamed(third)
      return key && { address, scope: key.scope, key }
    }
    case 'account-model': {
      const account = accountNamed(fourth)
      if (!provider || !account) return undefined
      return {
        address,
        scope: accountScopeOf(
          modelOf(provider, third, [], 'account-model', schedulerState.toWall, now),
          account,
          schedulerState.toWall,
          now,
        ),
      }
    }
    case 'key-model': {
      const key = keyNamed(fourth)
      if (!provider || !key) return undefined
      const keyModel = keyModelOf(
        modelOf(provider, third, [], 'account-model', schedulerState.toWall, now),
        key,
        schedulerState.toWall,
        now,
      )
      return { address, scope: keyModel.scope, keyModel }
    }
    case 'model':
      return schedulerState.specs.has(name) ? { address, scope: poolOf(schedulerState, name).scope } : undefined
    case 'client': {
      const scope = schedulerState.clients.get(name).scopes.find((each) => each.name === `client ${name}`)
      return scope && { address, scope }
    }
    case 'group': {
      const scope = schedulerState.clients.groups.get(name)
      return scope && { address, scope }
    }
    default:
      return undefined
  }
}
