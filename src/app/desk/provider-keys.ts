/** Providers' keys that are added, switched, tried and removed while the server runs; kept encrypted. */
import { randomBytes } from 'node:crypto'
import { GatewayError } from '../../chat/error.ts'
import type { AddedKey, Config, Provider } from '../../config/config.ts'
import { readAddedKey } from '../../config/sections/keys.ts'
import { firstChat } from '../../config/sections/model-purpose.ts'
import { partFaults } from '../../config/schema.ts'
import type { Reloads } from '../../runtime/reloads.ts'
import type { Wish } from '../../runtime/administration.ts'
import type { LiveScheduler } from '../../scheduler/scheduler.ts'
import type { Documents } from '../../store/documents.ts'
import type { Vault } from '../../store/vault.ts'
import { startProvider } from '../sandbox-fallback.ts'
import { faultText, kept } from './client-key-entry.ts'
import { aboutOf, openKey, type StoredProviderKey } from './kept-provider-keys.ts'

export interface ProviderKeyParts {
  documents: Documents
  /** What is said where nothing can be kept. */
  plainly: (cause: unknown) => string
  /** Throws where there is no sound key to encrypt by. */
  vault: () => Vault
  config: () => Config
  scheduler: () => LiveScheduler
  /** Absent where the configuration is never read anew. */
  reloads: () => Reloads | undefined
  wall: () => number
  log: { info(fields: object, text: string): void }
}

export function createProviderKeys(parts: ProviderKeyParts) {
  const { documents, plainly, config, scheduler, wall, log } = parts
  const keys = documents.all() as ReadonlyMap<string, StoredProviderKey>
  let turn: Promise<unknown> = Promise.resolve()

  /** One after another: two that add the same key at once would each find it not there. */
  function inTurn(work: (wish: Wish) => Promise<object>): (wish: Wish) => Promise<object> {
    return (wish) => {
      const done = turn.then(() => work(wish))
      turn = done.catch(() => {})
      return done
    }
  }

  function view(shown: readonly StoredProviderKey[]): object[] {
    const { keys: reported } = scheduler().report()
    return shown.map(({ id, provider, name, masked, beside, created }) => {
      const state = reported.find(({ key }) => key === name)
      return {
        object: 'provider_key',
        id,
        provider,
        name,
        masked,
        ...beside,
        created: new Date(created).toISOString(),
        status: state?.state ?? 'not served',
        ...(state && { in_flight: state.inFlight, reason: state.reason }),
        ...(!state && { why: config().leftOut.find((each) => each.name === provider)?.reason ?? 'it cannot be read' }),
      }
    })
  }

  const one = (key: StoredProviderKey): object => view([key])[0] ?? {}

  function find(wanted = ''): StoredProviderKey {
    const found = keys.get(wanted) ?? [...keys.values()].find(({ name }) => name === wanted)
    if (found) return found
    throw new GatewayError(
      'not_found',
      `No key ${wanted.slice(0, 100)} was added at run time; GET /v1/admin/provider-keys lists them. Those of the configuration are changed there.`,
      { code: 'key_not_found' },
    )
  }

  const keep = (key: StoredProviderKey): Promise<void> =>
    kept(
      documents.change(() => ({ id: key.id, document: key })),
      plainly,
    )
  const forget = ({ id }: StoredProviderKey): Promise<void> =>
    kept(
      documents.change(() => ({ id })),
      plainly,
    )

  /** Another replica may have kept the same key since the configuration was read. */
  function refuseTwin(provider: string, secret: string, vault: Vault): void {
    for (const each of keys.values()) {
      if (each.provider !== provider || secretOf(each, vault) !== secret) continue
      throw new GatewayError('conflict', `${provider} has this key already: ${each.name}.`, { code: 'key_known' })
    }
  }

  /** The pool as the configuration and what is kept now have it. */
  async function reload(): Promise<string | undefined> {
    const reloads = parts.reloads()
    if (!reloads) throw new GatewayError('conflict', 'This server never reads its configuration anew.')
    return (await reloads.reload()).refused?.why
  }

  function refused(why: string): GatewayError {
    return new GatewayError(
      'unprocessable',
      `The configuration cannot be read with it, and nothing has changed: ${why}`,
      {
        code: 'reload_refused',
      },
    )
  }

  function vaultOf(): Vault {
    try {
      return parts.vault()
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      throw new GatewayError('conflict', `The key cannot be encrypted: ${why}.`, { code: 'no_secret_key', cause })
    }
  }

  function wanted(body: unknown): { provider: string; written: AddedKey['written'] } {
    if (typeof body !== 'object' || body === null || Array.isArray(body))
      throw new GatewayError('invalid_request', 'Send a JSON object, such as {"provider":"acme","key":"…"}.')
    const { provider, ...written } = body as Record<string, unknown>
    const known = [...config().providers, ...config().leftOut].map(({ name }) => name)
    if (typeof provider !== 'string' || !known.includes(provider))
      throw new GatewayError(
        'invalid_request',
        'provider is none of the configuration; GET /health/providers tells some.',
        {
          param: 'provider',
        },
      )
    if (written['key'] === undefined) throw new GatewayError('invalid_request', 'key is missing.', { param: 'key' })
    const faults = partFaults('key', written)
    const read = faults.length > 0 ? faults : readAddedKey({ name: provider, written: written as AddedKey['written'] })
    if (Array.isArray(read))
      throw new GatewayError('invalid_request', `${read.map(faultText).join('; ')}.`, {
        param: String(read[0]?.path[0] ?? 'key'),
      })
    const same = JSON.stringify(read.secret)
    const live = config().providers.find(({ name }) => name === provider)
    const twin = live?.keys.find(({ secret }) => JSON.stringify(secret) === same)
    if (twin)
      throw new GatewayError('conflict', `${provider} has this key already: ${twin.name}.`, { code: 'key_known' })
    return { provider, written: { ...written, key: read.secret } }
  }

  async function test(id = '', body: unknown): Promise<object> {
    const name = keys.get(id)?.name ?? id
    const provider = config().providers.find((each) => each.keys.some((key) => key.name === name))
    if (!provider) return { ok: false, why: String(Object(view([find(id)])[0])['why']) }
    const secret = provider.keys.find((key) => key.name === name)?.secret ?? ''
    const { model = firstModel(provider, config()) } = (body ?? {}) as { model?: unknown }
    if (typeof model !== 'string')
      throw new GatewayError('invalid_request', `${provider.name} lists no model: name one.`, { param: 'model' })
    const { probeKey } = await import('../../format-tools/live/probe-key.ts')
    const started = await startProvider(provider)
    try {
      return { object: 'provider_key.test', name, ...(await probeKey(started.provider, model, secret)) }
    } finally {
      await started.close()
    }
  }

  const ACTIONS: Record<string, (wish: Wish) => object | Promise<object>> = {
    list: () => ({ object: 'list', data: view([...keys.values()].toSorted((a, b) => a.created - b.created)) }),
    add: inTurn(async ({ body }) => {
      const { provider, written } = wanted(body)
      const { key, ...beside } = written
      const id = randomBytes(3).toString('hex')
      const about = { id, provider }
      const vault = vaultOf()
      const secret = JSON.stringify(key)
      const sealed = vault.seal(secret, aboutOf(about))
      const stored = { ...about, name: `${provider}#${id}`, sealed, masked: mask(key), beside, created: wall() }
      const change = documents.change(() => {
        refuseTwin(provider, secret, vault)
        return { id, document: stored }
      })
      await kept(change, plainly)
      const why = await reload()
      if (why !== undefined) {
        await forget(stored)
        throw refused(why)
      }
      log.info({ key: stored.name }, 'a key of a provider was added')
      return one(stored)
    }),
    test: ({ id, body }) => test(id, body),
    ...Object.fromEntries(
      [true, false].map((enabled) => [
        enabled ? 'enable' : 'disable',
        ({ id }: Wish) => {
          const key = find(id)
          if (!scheduler().adjustKey(key.name, { enabled }))
            throw new GatewayError('conflict', `${key.name} is not served.`, { code: 'key_not_served' })
          return one(key)
        },
      ]),
    ),
    remove: inTurn(async ({ id }) => {
      const key = find(id)
      await forget(key)
      const why = await reload()
      if (why !== undefined) {
        await keep(key)
        throw refused(why)
      }
      log.info({ key: key.name }, 'a key of a provider was removed')
      return { object: 'provider_key', id: key.id, name: key.name, status: 'removed' }
    }),
  }

  return {
    async administer(action: string, wish: Wish): Promise<object> {
      const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
      if (!act) throw new Error(`no action ${action}`)
      return act(wish)
    },
  }
}

/** Undefined for one that this process cannot open. */
function secretOf(key: StoredProviderKey, vault: Vault): string | undefined {
  try {
    return JSON.stringify(openKey(key, vault))
  } catch {
    return undefined
  }
}

function firstModel({ name, models }: Provider, config: Config): string | undefined {
  const routed = config.models.flatMap(({ routes }) => routes.filter(({ provider }) => provider === name))
  return firstChat([...Object.keys(models), ...routed.map(({ model }) => model)])
}

/** Enough to recognise it by, where it is long; of parts, their names. */
export function mask(secret: string | Record<string, string>): string {
  if (typeof secret !== 'string') return `{ ${Object.keys(secret).join(', ')} }`
  return secret.length < 20 ? '…' : `${secret.slice(0, 4)}…${secret.slice(-4)}`
}
