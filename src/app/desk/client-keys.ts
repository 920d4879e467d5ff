/** Clients' keys that are made, changed, rotated and revoked while the server runs; only their hashes are kept. */
import { createHash, randomBytes } from 'node:crypto'
import { GatewayError } from '../../chat/error.ts'
import type { Config } from '../../config/config.ts'
import { milliseconds } from '../../config/sections/quantities.ts'
import { readClientEntry, type ClientEntry } from '../../config/sections/client-list.ts'
import type { ManagedClient, Wish } from '../../runtime/administration.ts'
import type { ClientSpec } from '../../scheduler/options.ts'
import type { Documents, OtherChange } from '../../store/documents.ts'
import { entryIn, faultText, kept, nameIn, type StoredKey } from './client-key-entry.ts'

export interface ClientKeyParts {
  documents: Documents
  /** What is said where nothing can be kept. */
  plainly: (cause: unknown) => string
  config: () => Config
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Shares and limits of clients are other than before. */
  respec: () => Promise<void>
  /** Resolves when every process that serves knows. */
  tell: (changed: readonly ManagedClient[]) => Promise<void>
  /** What a client has used and may yet use, for people. */
  usageOf: (keys: readonly StoredKey[]) => Promise<Map<string, object>>
  log: { info(fields: object, text: string): void; warn(fields: object, text: string): void }
}

export interface ClientKeys {
  /** As those who check keys need them. */
  clients(): ManagedClient[]
  /** Shares and limits by client. */
  specs(): Record<string, ClientSpec>
  administer(action: string, wish: Wish): Promise<object>
}

/** What a key begins with that this server has made; clients that look for `sk-` take it. */
const BEGIN = 'sk-bc-'
/** Characters of a key that are kept to recognise it by. */
const SHOWN = BEGIN.length + 6
/** What the log and the limits call others than clients. */
const OWN_NAMES = ['admin', 'anonymous']
/** Milliseconds that a key goes on to work beside the one that replaces it. */
const OVERLAP = 86_400_000
const LONGEST_OVERLAP = 90 * 86_400_000

export function createClientKeys(parts: ClientKeyParts): ClientKeys {
  const { documents, plainly, config, wall, respec, tell, usageOf, log } = parts
  const keys = documents.all() as ReadonlyMap<string, StoredKey>
  const ready = new WeakMap<StoredKey, ClientEntry>()

  /** What was good when it was written may name a group that is gone: the rest of it holds. */
  function entryOf(key: StoredKey): ClientEntry {
    const known = ready.get(key)
    if (known) return known
    const read = readClientEntry(key.entry, [key.entry['groups'] ?? []].flat() as string[])
    if (Array.isArray(read))
      log.warn({ client: key.name, why: read.map(faultText) }, 'a client key is of another version: it opens nothing')
    const entry = Array.isArray(read) ? NOTHING : read
    ready.set(key, entry)
    return entry
  }

  function managed(key: StoredKey): ManagedClient {
    const { id, name: client, secrets, revoked } = key
    const told = secrets.map(({ hash, expires }) => ({ hash, ...(expires !== undefined && { expires }) }))
    return { id, client, secrets: told, isRevoked: revoked !== undefined, access: entryOf(key).access }
  }

  /**
   * On the disk first: what was answered outlives whatever comes.
   * @param decide by what all who share the keys have kept until then; the same key again changes nothing
   */
  async function keep(decide: () => StoredKey, isOtherwiseLimited: boolean): Promise<StoredKey> {
    const decided: StoredKey[] = []
    const change = documents.change(() => {
      const key = decide()
      decided.push(key)
      return keys.get(key.id) === key ? undefined : { id: key.id, document: key }
    })
    await kept(change, plainly)
    const [key] = decided as [StoredKey]
    if (isOtherwiseLimited) await respec()
    await tell([managed(key)])
    return key
  }

  let turn: Promise<void> = Promise.resolve()
  documents.onOthers((changes) => {
    turn = turn.then(() => hear(changes)).catch((err: unknown) => log.warn({ err }, UNHEARD))
  })

  /** Who is shut out is so at once; who comes has its limits first. */
  async function hear(changes: readonly OtherChange[]): Promise<void> {
    const heard = (changes as readonly { before?: StoredKey; now?: StoredKey }[]).flatMap(({ before, now }) => {
      // a key is never taken away, but an older state of the database may lack it
      const key = now ?? (before && { ...before, revoked: wall() })
      return key ? [{ key, isLimited: entryText(before) !== entryText(now) }] : []
    })
    await tell(heard.filter(({ key }) => key.revoked !== undefined).map(({ key }) => managed(key)))
    if (heard.some(({ isLimited }) => isLimited)) await respec()
    await tell(heard.map(({ key }) => managed(keys.get(key.id) ?? key)))
    log.info({ clients: heard.map(({ key }) => key.name) }, 'client keys were changed on another replica')
  }

  function find(wanted = ''): StoredKey {
    const named = [...keys.values()].filter(({ name }) => name === wanted)
    const found = keys.get(wanted) ?? named.find(({ revoked }) => revoked === undefined) ?? named.at(-1)
    if (found) return found
    throw new GatewayError(
      'not_found',
      `There is no client key ${wanted.slice(0, 100)}; GET /v1/admin/keys lists them.`,
      {
        code: 'key_not_found',
      },
    )
  }

  function living(wanted: string | undefined): StoredKey {
    const found = find(wanted)
    if (found.revoked === undefined) return found
    throw new GatewayError('conflict', `The key ${found.name} is revoked: create another.`, { code: 'key_revoked' })
  }

  async function view(shown: readonly StoredKey[]): Promise<object[]> {
    const usage = await usageOf(shown)
    const now = wall()
    return shown.map((key) => {
      const { access } = entryOf(key)
      const alive = key.secrets.filter(({ expires = Infinity }) => expires > now)
      const isExpired = access.expires !== undefined && access.expires <= now
      return {
        object: 'client_key',
        id: key.id,
        name: key.name,
        status: key.revoked !== undefined ? 'revoked' : isExpired ? 'expired' : 'active',
        prefix: key.secrets.at(-1)?.prefix,
        created: iso(key.created),
        ...(key.revoked !== undefined && { revoked: iso(key.revoked) }),
        ...key.entry,
        secrets: alive.map(({ prefix, created, expires }) => ({
          prefix,
          created: iso(created),
          ...(expires !== undefined && { expires: iso(expires) }),
        })),
        ...usage.get(key.id),
      }
    })
  }

  async function one(key: StoredKey, secret?: string): Promise<object> {
    const [shown = {}] = await view([key])
    return secret === undefined ? shown : { ...shown, key: secret }
  }

  function newSecret(): { secret: string; stored: StoredKey['secrets'][number] } {
    const secret = BEGIN + randomBytes(30).toString('base64url')
    const hash = createHash('sha256').update(secret).digest('hex')
    return { secret, stored: { hash, prefix: secret.slice(0, SHOWN), created: wall() } }
  }

  function checkEntry(entry: Record<string, unknown>): void {
    const read = readClientEntry(entry, Object.keys(config().scheduler.groups ?? {}))
    if (!Array.isArray(read)) return
    const [first] = read
    throw new GatewayError('invalid_request', `${read.map(faultText).join('; ')}.`, {
      param: first && String(first.path[0]),
    })
  }

  /** A key that opens nothing is a day that was mistyped. */
  function refuseOver(entry: Record<string, unknown>): void {
    const read = readClientEntry(entry, Object.keys(config().scheduler.groups ?? {}))
    if (Array.isArray(read) || (read.access.expires ?? Infinity) > wall()) return
    throw new GatewayError('invalid_request', 'expires is over already: the key would open nothing.', {
      param: 'expires',
    })
  }

  const ACTIONS: Record<string, (wish: Wish) => object | Promise<object>> = {
    list: async () => ({
      object: 'list',
      data: await view([...keys.values()].toSorted((a, b) => a.created - b.created)),
    }),
    show: ({ id }) => one(find(id)),
    async create({ body }) {
      const { server, scheduler } = config()
      if (server.admin_keys.length === 0)
        throw new GatewayError(
          'conflict',
          'Set server.admin_keys (or BALANCED_CALL_ADMIN_KEYS) first: the first client key closes this server to everybody else, and only an administrator could change it then.',
          { code: 'no_admin_key' },
        )
      const entry = entryIn(body)
      const name = nameIn(body)
      const isWritten =
        server.accesses.has(name) ||
        Object.hasOwn(scheduler.clients ?? {}, name) ||
        [...server.client_names.values(), ...server.client_hashes.values()].includes(name)
      const { secret, stored } = newSecret()
      const id = `key_${randomBytes(9).toString('hex')}`
      const key = await keep(() => {
        const isKept = [...keys.values()].some((each) => each.name === name && each.revoked === undefined)
        if (isWritten || isKept || OWN_NAMES.includes(name))
          throw new GatewayError('conflict', `There is a client ${name}: rotate its key, or take another name.`, {
            code: 'name_taken',
            param: 'name',
          })
        checkEntry(entry)
        refuseOver(entry)
        return { id, name, entry, created: wall(), secrets: [stored] }
      }, true)
      log.info({ client: name, key: stored.prefix }, 'a client key was created')
      return one(key, secret)
    },
    async change({ id, body }) {
      const key = await keep(() => {
        const before = living(id)
        const merged = Object.entries({ ...before.entry, ...entryIn(body) }).filter(([, value]) => value !== null)
        const entry = Object.fromEntries(merged)
        checkEntry(entry)
        return { ...before, entry }
      }, true)
      log.info({ client: key.name, changed: Object.keys(entryIn(body)) }, 'a client key was changed')
      return one(key)
    },
    async rotate({ id, body }) {
      const now = wall()
      const { secret, stored } = newSecret()
      let end = now
      const key = await keep(() => {
        const before = living(id)
        end = now + overlapIn(body)
        const old = before.secrets
          .filter(({ expires = Infinity }) => expires > now)
          .map((each) => ({ ...each, expires: Math.min(each.expires ?? Infinity, end) }))
        return { ...before, secrets: [...old, stored] }
      }, false)
      log.info({ client: key.name, key: stored.prefix, overlap_ms: end - now }, 'a client key was rotated')
      return one(key, secret)
    },
    async revoke({ id }) {
      const key = await keep(() => {
        const before = find(id)
        return before.revoked === undefined ? { ...before, revoked: wall() } : before
      }, false)
      log.info({ client: key.name }, 'a client key was revoked')
      return one(key)
    },
  }

  return {
    clients: () => [...keys.values()].map(managed),
    specs: () =>
      Object.fromEntries(
        [...keys.values()].filter(({ revoked }) => revoked === undefined).map((key) => [key.name, entryOf(key).spec]),
      ),
    async administer(action, wish) {
      const act = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
      if (!act) throw new Error(`no action ${action}`)
      return act(wish)
    },
  }
}

/** `{ overlap: "1h" }`; a day where nothing is said. */
function overlapIn(body: unknown): number {
  const { overlap } = (body ?? {}) as { overlap?: unknown }
  if (overlap === undefined) return OVERLAP
  const isTime = typeof overlap === 'number' ? overlap >= 0 : typeof overlap === 'string' && TIME.test(overlap)
  const time = isTime ? milliseconds(overlap as string | number) : Number.NaN
  if (time <= LONGEST_OVERLAP) return time
  throw new GatewayError('invalid_request', 'overlap is a time such as 0s, 1h or 7d, of 90 days at most.', {
    param: 'overlap',
  })
}

const UNHEARD = 'client keys that were changed on another replica cannot be taken in'

/** What its limits are made of; empty where it has none. */
function entryText(key: StoredKey | undefined): string {
  return key === undefined || key.revoked !== undefined ? '' : JSON.stringify(key.entry)
}

const TIME = /^(\d+|(\d+(\.\d+)?(ms|s|m|h|d))+)$/

const NOTHING: ClientEntry = { access: { models: [], expires: 0, tags: [] }, spec: {} }

function iso(time: number): string {
  return new Date(time).toISOString()
}
