/** The keys of a provider, and the scopes that they share. */
import type { LinkedList, ListNode } from '../structures/linked-list.ts'
import type { Breaker } from '../health/breaker.ts'
import type { Latency } from '../health/latency.ts'
import { createLatency } from '../health/latency.ts'
import type { Incident } from '../health/incident.ts'
import { createIncident } from '../health/incident.ts'
import type { Retirement } from '../health/retirement.ts'
import type { KeySpec, LimitScope, LimitSpec, ProviderSpec } from '../types.ts'
import type { Doubt } from '../limit-learning/doubt.ts'
import { mayAsk } from '../limit-learning/doubt.ts'
import type { Demand } from '../limits/request-cost.ts'
import type { EnforcementBelief } from '../limit-learning/enforcement-belief.ts'
import { createStartsTold, type StartsTold } from '../limit-learning/starts-told.ts'
import { createToldRests, type ToldRests } from '../limit-learning/told-rest.ts'
import type { Trials } from '../limit-learning/trials.ts'
import type { Limit } from '../limits/limit.ts'
import type { ToWall } from '../limits/window.ts'
import type { KeptRoom } from './kept-room.ts'
import type { Scope } from './limit-scope.ts'
import { addLimit, believe, createScope } from './limit-scope.ts'

/** A request under way with a key: its age judges the key. */
export interface UnderWay {
  readonly demand: { readonly input: number }
  /** What it should take, relative to the model's usual latency. */
  readonly expected: number
  /** Has the first byte come? */
  readonly answered: boolean
  /** Milliseconds since it was sent. */
  age(now: number): number
}

/** Keeps a provider's keys in an order, and hears of what changes one key's place. */
export interface KeyOrder {
  /** A key may have room again. */
  refresh(slot: number, now: number): void
  /** A slow key is usual again. */
  forgive(slot: number): void
  /** A key's weight is another than before. */
  reweigh(slot: number, before: number, now: number): void
}

export interface Key {
  readonly spec: KeySpec
  /** Position among the provider's keys: its slot in every key group. */
  readonly slot: number
  readonly provider: Provider
  readonly scope: Scope
  /** Shared by the keys of one account; absent where the key is its own account. */
  readonly account: Account | undefined
  disabled: boolean
  /** An administrator lets it rest until then (monotonic ms). */
  restsUntil: number
  /** Its own, or what an administrator has put in its place. */
  weight: number
  retirement: Retirement | undefined
  inFlight: number
  /** Under way, oldest first; absent before the first: there may be ten thousand keys. */
  leases: LinkedList<UnderWay> | undefined
  /** The oldest of them whose first byte has not come. */
  unanswered: ListNode<UnderWay> | undefined
  /** Normalised latency, 1 is the model's usual one; 0 before the first answer. */
  slowness: number
  /** The same of first bytes, which tell sooner. */
  firstSlowness: number
  /** For a large request that is to come back. */
  kept: KeptRoom | undefined
}

export interface Account {
  /** As keys name it. */
  readonly id: string
  readonly name: string
  readonly scope: Scope
  readonly keys: Key[]
}

/** A key, or an account, with one of the provider's models. Made when first needed: there may be half a million. */
export interface KeyModel {
  readonly scope: Scope
  breaker: Breaker | undefined
  retirement: Retirement | undefined
  /** The request that was refused as not allowed or not paid for, where no answer has come since. */
  doubt: string | object | undefined
  /** Larger requests were refused as never fitting. */
  maxTokens: number
  tooLarge: Doubt | undefined
}

export interface ProviderModel {
  readonly name: string
  readonly provider: Provider
  /** Limits of each key, and of each account, with this model. */
  readonly perKey: LimitSpec[]
  readonly perAccount: LimitSpec[]
  readonly keyModels: Map<number, KeyModel>
  readonly accountScopes: Map<Account, Scope>
  /** Are there limits that only show once a key meets the model? */
  keyed: boolean
  readonly latency: Latency
  readonly incident: Incident
}

export interface Provider {
  readonly spec: ProviderSpec
  readonly keys: Key[]
  readonly scope: Scope
  models: Map<string, ProviderModel>
  /** Every pool's key group that these keys serve. */
  keyGroups: KeyOrder[]
  /** Accounts, where a key that names none is its own. */
  readonly owners: number
  /** Trouble with all its keys: its own, or of one model. */
  readonly incident: Incident
  /** How it enforces limits, by metric, period and amount. */
  readonly beliefs: Map<string, EnforcementBelief>
  /** Its limits that were cut, by the same names. */
  readonly trials: Map<string, Trials<Limit>>
  /** What its word is worth on how long to rest. */
  readonly toldRests: ToldRests
  readonly startsTold: StartsTold
  /** Requests under way with all its keys. */
  inFlight: number
  /** Of all its keys together. */
  weight: number
}

/** Whose refusal it is: keys of one account are refused together. */
export function ownerOf(key: Key): object {
  return key.account ?? key
}

/** A limit's own scope, or where limits belong that name none. */
function of(limits: readonly LimitSpec[], scope: LimitScope, usual: LimitScope): LimitSpec[] {
  return limits.filter((limit) => (limit.scope ?? usual) === scope)
}

export function createProvider(spec: ProviderSpec, toWall: ToWall, now: number): Provider {
  const scope = createScope('provider', spec.name, of(spec.limits, 'provider', 'account'), toWall, now)
  const provider: Provider = {
    spec,
    keys: [],
    scope,
    models: new Map(),
    keyGroups: [],
    owners: new Set(spec.keys.map(({ account, name }) => account ?? `key ${name}`)).size,
    incident: createIncident(),
    beliefs: new Map(),
    trials: new Map(),
    toldRests: createToldRests(),
    startsTold: createStartsTold(),
    inFlight: 0,
    weight: weightOf(spec, spec.keys),
  }
  const accounts = new Map<string, Account>()
  const perKey = of(spec.limits, 'key', 'account')
  const perAccount = of(spec.limits, 'account', 'account')
  for (const [slot, keySpec] of spec.keys.entries()) {
    let account = keySpec.account === undefined ? undefined : accounts.get(keySpec.account)
    if (keySpec.account !== undefined && !account) {
      const name = `${spec.name} account ${keySpec.account}`
      account = { id: keySpec.account, name, scope: createScope('account', name, perAccount, toWall, now), keys: [] }
      accounts.set(keySpec.account, account)
    }
    const own = createScope('key', keySpec.name, of(keySpec.limits, 'key', 'key'), toWall, now)
    for (const limit of perKey) addLimit(own, limit, toWall, now)
    for (const limit of account ? [] : perAccount) addLimit(own, limit, toWall, now)
    for (const limit of of(keySpec.limits, 'account', 'key')) addLimit(account?.scope ?? own, limit, toWall, now)
    for (const limit of of(keySpec.limits, 'provider', 'key')) addLimit(scope, limit, toWall, now)
    const key: Key = {
      spec: keySpec,
      slot,
      provider,
      scope: own,
      account,
      disabled: false,
      restsUntil: 0,
      weight: keySpec.weight,
      retirement: undefined,
      inFlight: 0,
      leases: undefined,
      unanswered: undefined,
      slowness: 0,
      firstSlowness: 0,
      kept: undefined,
    }
    account?.keys.push(key)
    provider.keys.push(key)
  }
  return provider
}

/** Of keys together. */
export function weightOf(spec: ProviderSpec, keys: readonly { weight: number }[]): number {
  return spec.weight * keys.reduce((sum, { weight }) => sum + weight, 0)
}

/** One of a provider's models, with what several routes say of its limits put together. */
export function modelOf(
  provider: Provider,
  name: string,
  limits: readonly LimitSpec[],
  usual: LimitScope,
  toWall: ToWall,
  now: number,
): ProviderModel {
  let model = provider.models.get(name)
  if (!model) {
    model = {
      name,
      provider,
      perKey: of(provider.spec.limits, 'key-model', 'account'),
      perAccount: of(provider.spec.limits, 'account-model', 'account'),
      keyModels: new Map(),
      accountScopes: new Map(),
      keyed: false,
      latency: createLatency(),
      incident: createIncident(),
    }
    provider.models.set(name, model)
  }
  // of a model, a key's or an account's limit is its limit with this model
  const perKey = [...of(limits, 'key-model', usual), ...of(limits, 'key', usual)]
  const perAccount = [...of(limits, 'account-model', usual), ...of(limits, 'account', usual)]
  lower(model.perKey, perKey)
  lower(model.perAccount, perAccount)
  // What was made before this route said its limits gets them as well.
  for (const [slot, { scope }] of model.keyModels) {
    const own = provider.keys[slot]?.account ? perKey : [...perKey, ...perAccount]
    for (const limit of own) addLimit(scope, limit, toWall, now)
  }
  for (const scope of model.accountScopes.values()) for (const limit of perAccount) addLimit(scope, limit, toWall, now)
  model.keyed =
    model.perKey.length + model.perAccount.length > 0 ||
    provider.keys.some((key) => key.spec.limits.some(({ scope }) => scope === 'key-model' || scope === 'account-model'))
  return model
}

/** What several routes say of one model holds together: the least of it. */
function lower(into: LimitSpec[], limits: readonly LimitSpec[]): void {
  for (const limit of limits) {
    const at = into.findIndex((known) => known.metric === limit.metric && known.period === limit.period)
    if (at < 0) into.push(limit)
    else if (limit.amount < (into[at]?.amount ?? 0)) into[at] = limit
  }
}

function merge(into: LimitSpec[], limits: readonly LimitSpec[]): void {
  for (const limit of limits) {
    if (!into.some((known) => known.metric === limit.metric && known.period === limit.period)) into.push(limit)
  }
}

/** What a key knows of a model; made on first use, for there may be half a million. */
export function keyModelOf(model: ProviderModel, key: Key, toWall: ToWall, now: number): KeyModel {
  let found = model.keyModels.get(key.slot)
  if (!found) {
    const specs = of(key.spec.limits, 'key-model', 'key')
    merge(specs, model.perKey)
    // A key that names no account is one, so what each account may do with the model is the key's.
    if (!key.account) merge(specs, [...of(key.spec.limits, 'account-model', 'key'), ...model.perAccount])
    const scope = createScope('key-model', `${key.spec.name} ${model.name}`, specs, toWall, now)
    believe(scope, model.provider.beliefs)
    found = {
      scope,
      breaker: undefined,
      retirement: undefined,
      doubt: undefined,
      maxTokens: Infinity,
      tooLarge: undefined,
    }
    model.keyModels.set(key.slot, found)
  }
  return found
}

/** Was a request of this size refused as never fitting, and is that not asked again now? */
export function isTooLarge({ maxTokens, tooLarge }: KeyModel, { input, reserve }: Demand, now: number): boolean {
  return input + reserve > maxTokens && !mayAsk(tooLarge, now)
}

export function accountScopeOf(model: ProviderModel, account: Account, toWall: ToWall, now: number): Scope {
  let scope = model.accountScopes.get(account)
  if (!scope) {
    const specs = account.keys.flatMap((key) => of(key.spec.limits, 'account-model', 'key'))
    merge(specs, model.perAccount)
    scope = createScope('account-model', `${account.name} ${model.name}`, specs, toWall, now)
    believe(scope, model.provider.beliefs)
    model.accountScopes.set(account, scope)
  }
  return scope
}
