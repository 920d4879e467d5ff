/** The desk of the owner: what administrators change while the server runs, and who else has to hear of it. */
import { join } from 'node:path'
import { GatewayError } from '../../chat/error.ts'
import type { Config } from '../../config/config.ts'
import { ConfigError } from '../../config/problem.ts'
import type { Log } from '../../observability/log.ts'
import type { Administration, ManagedClient } from '../../runtime/administration.ts'
import type { Reloads } from '../../runtime/reloads.ts'
import type { LiveScheduler } from '../../scheduler/scheduler.ts'
import type { ClientSpec } from '../../scheduler/options.ts'
import type { SchedulerReport } from '../../scheduler/types.ts'
import type { RecordReader } from '../../api/routes/records.ts'
import type { DocumentStore } from '../../store/documents.ts'
import type { Database } from '../../store/postgres/database.ts'
import { SECRET_KEY, type Vault } from '../../store/vault.ts'
import { vaultOf, type StoredProviderKey } from './kept-provider-keys.ts'
import { createProviderKeys } from './provider-keys.ts'
import { MANAGED_FILE, openDocuments } from '../../store/sqlite/document-file.ts'
import { createClientKeys } from './client-keys.ts'
import type { StoredKey } from './client-key-entry.ts'

export interface DeskParts {
  /** The data folder; without one, and without a database, nothing can be changed. */
  data: string | undefined
  /** What replicas share; goes before the folder. */
  database: Database | undefined
  /** What clients have spent; absent where no requests are kept. */
  records: RecordReader | undefined
  /** What is served. */
  config: () => Config
  wall: () => number
  scheduler: () => LiveScheduler
  /** The scheduler is made anew, counts go on. */
  respec: () => Promise<void>
  /** Variables, as of the newest reading. */
  env: () => Record<string, string | undefined>
  log: Log
}

/** Hears of clients whose keys or rights are other than before; resolves when they hold. */
export type ClientListener = (changed: readonly ManagedClient[]) => Promise<void> | void

export interface Desk extends Administration {
  clients(): ManagedClient[]
  /** From now on, until the function that comes back is called. */
  onClients(listener: ClientListener): () => void
  /** By which providers' keys come to be served, once there is one. */
  reloadBy(reloads: Reloads): void
  /** The configuration with what was added to it at run time. */
  amend(config: Config): Config
  close(): void
}

/** Throws a ConfigError where what is kept in the folder cannot be read: without it nobody knows who may call. */
export function openDesk(parts: DeskParts): Desk {
  const { data, database, records, config, wall, scheduler, respec, env, log } = parts
  const listeners = new Set<ClientListener>()
  const tell = async (changed: readonly ManagedClient[]): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener(changed)))
  }
  const usage = (shown: readonly StoredKey[]): Promise<Map<string, object>> =>
    usageOf(shown, scheduler().report(), records, wall())
  let reloads: Reloads | undefined
  let isOutdated = false
  let vault: Vault | undefined
  const file = database || data === undefined ? undefined : readable(data)
  const store = database ?? file
  const kept = store && keptIn(store)
  const keys = kept?.clients

  function keptIn({ table }: Pick<DocumentStore, 'table'>) {
    const plainly = database?.plainly ?? plainText
    const sealed = table('provider_key')
    const [first] = (sealed.all() as ReadonlyMap<string, StoredProviderKey>).values()
    const place = database ? { shared: sealed } : { folder: data }
    sealed.onOthers(() => {
      isOutdated = reloads === undefined
      void reloads?.reload('keys of providers were changed on another replica')
    })
    const providers = createProviderKeys({
      documents: sealed,
      plainly,
      vault: () => (vault ??= vaultOf(place, env()[SECRET_KEY], first?.sealed)),
      config,
      scheduler,
      reloads: () => reloads,
      wall,
      log,
    })
    const documents = table('client_key')
    const clients = createClientKeys({ documents, plainly, config, wall, respec, tell, usageOf: usage, log })
    return { providers, clients }
  }

  function readable(folder: string): DocumentStore {
    let opened: DocumentStore | undefined
    try {
      opened = openDocuments(folder)
      // looked into now: a fault of it is one of the start
      opened.table('client_key')
      opened.table('provider_key')
      return opened
    } catch (cause) {
      opened?.close()
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `the keys that were made at run time cannot be read (${why}), and without them nobody knows who may call: put a copy of the file back, or move it away to begin without`
      throw new ConfigError([{ file: join(folder, MANAGED_FILE), line: 1, column: 1, message, excerpt: '' }])
    }
  }

  let warned = ''
  /** A configuration that came later may take a name or a group away. Told once for as long as it is so. */
  function warnOf(managed: Record<string, ClientSpec>, { scheduler: { clients = {}, groups = {} } }: Config): void {
    const hidden = Object.keys(managed).filter((name) => Object.hasOwn(clients, name))
    const lacking = Object.entries(managed).flatMap(([name, { groups: of = [] }]) =>
      of.filter((group) => !Object.hasOwn(groups, group)).map((group) => `${name} of ${group}`),
    )
    const found = JSON.stringify([hidden, lacking])
    if (found === warned) return
    warned = found
    if (hidden.length > 0)
      log.warn({ clients: hidden }, 'these clients of the configuration go before those that were made at run time')
    if (lacking.length > 0)
      log.warn({ members: lacking }, 'these groups are not in the configuration: their limits hold for nobody')
  }

  return {
    async administer(subject, action, wish) {
      if (!kept)
        throw new GatewayError(
          'conflict',
          'Keys that are managed at run time are kept in a data folder or a database, and this server has none: give it one (--data, BALANCED_CALL_DATA or server.data; database.url).',
          { code: 'no_data_folder' },
        )
      return kept[subject === 'client-keys' ? 'clients' : 'providers'].administer(action, wish)
    },
    clients: () => keys?.clients() ?? [],
    onClients(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    reloadBy(by) {
      reloads = by
      if (isOutdated) void by.reload()
    },
    amend(of) {
      const managed = keys?.specs() ?? {}
      if (Object.keys(managed).length === 0) return of
      warnOf(managed, of)
      // the file's go before
      return { ...of, scheduler: { ...of.scheduler, clients: { ...managed, ...of.scheduler.clients } } }
    },
    close: () => file?.close(),
  }
}

/** By id: its limits with what is left of them, and its dollars of this day, this month and in all. */
async function usageOf(
  shown: readonly StoredKey[],
  { scopes }: SchedulerReport,
  records: RecordReader | undefined,
  now: number,
): Promise<Map<string, object>> {
  const day = new Date(now).toISOString().slice(0, 10)
  const spentSince = async (since?: string): Promise<Map<string | undefined, number>> => {
    // a log that cannot be read at the moment takes nothing from the keys
    const asked = records?.spend({ by: ['client'], ...(since !== undefined && { since }) })
    const rows = (await asked?.catch(() => [])) ?? []
    return new Map(rows.map(({ client, cost }) => [client, cost]))
  }
  const since = [day, `${day.slice(0, 7)}-01`, undefined]
  const [ofDay, ofMonth, ofAll] = await Promise.all(since.map(spentSince))
  return new Map(
    shown.map(({ id, name, entry }) => {
      const own = [`client ${name}`, ...([entry['groups'] ?? []].flat() as string[]).map((group) => `group ${group}`)]
      const left = scopes
        .filter(({ scope }) => own.includes(scope))
        .map(({ scope, limit, level, amount, nextFree }) => ({ scope, limit, level, amount, nextFree }))
      const spent = { day: ofDay?.get(name) ?? 0, month: ofMonth?.get(name) ?? 0, all: ofAll?.get(name) ?? 0 }
      return [id, { left, spent }]
    }),
  )
}

function plainText(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
