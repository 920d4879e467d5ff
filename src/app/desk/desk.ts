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
import { createVault, SECRET_KEY, type Vault } from '../../store/vault.ts'
import type { StoredProviderKey } from './kept-provider-keys.ts'
import { createProviderKeys } from './provider-keys.ts'
import { MANAGED_FILE, openDocuments, type DocumentFile } from '../../store/document-table.ts'
import { createRecordReader } from '../../store/request-reader.ts'
import { createClientKeys } from './client-keys.ts'
import type { StoredKey } from './client-key-entry.ts'

export interface DeskParts {
  /** The data folder; without one nothing can be changed. */
  data: string | undefined
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
export function openDesk({ data, config, wall, scheduler, respec, env, log }: DeskParts): Desk {
  const listeners = new Set<ClientListener>()
  const tell = async (changed: readonly ManagedClient[]): Promise<void> => {
    await Promise.all([...listeners].map((listener) => listener(changed)))
  }
  const usage = (shown: readonly StoredKey[]): Map<string, object> =>
    usageOf(shown, scheduler().report(), data ?? '', wall())
  let reloads: Reloads | undefined
  let vault: Vault | undefined
  const kept = data === undefined ? undefined : readable(data)
  const file = kept?.file
  const keys = kept && createClientKeys({ ...kept, config, wall, respec, tell, usageOf: usage, log })

  function readable(folder: string) {
    let opened: DocumentFile | undefined
    try {
      opened = openDocuments(folder)
      const documents = opened.table('client_key')
      const sealed = opened.table('provider_key')
      const providers = createProviderKeys({
        documents: sealed,
        keys: sealed.all() as StoredProviderKey[],
        vault: () =>
          (vault ??= createVault(folder, env()[SECRET_KEY], (sealed.all() as StoredProviderKey[])[0]?.sealed)),
        config,
        scheduler,
        reloads: () => reloads,
        wall,
        log,
      })
      return { file: opened, documents, keys: documents.all() as StoredKey[], providers }
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
      if (!keys || !kept)
        throw new GatewayError(
          'conflict',
          'Keys that are managed at run time are kept in a data folder, and this server has none: give it one (--data, BALANCED_CALL_DATA or server.data).',
          { code: 'no_data_folder' },
        )
      return subject === 'client-keys' ? keys.administer(action, wish) : kept.providers.administer(action, wish)
    },
    clients: () => keys?.clients() ?? [],
    onClients(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    reloadBy: (by) => void (reloads = by),
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
function usageOf(
  shown: readonly StoredKey[],
  { scopes }: SchedulerReport,
  data: string,
  now: number,
): Map<string, object> {
  const records = createRecordReader(data)
  const day = new Date(now).toISOString().slice(0, 10)
  const spentSince = (since?: string): Map<string | undefined, number> => {
    const rows = ifReadable(() => records.spend({ by: ['client'], ...(since !== undefined && { since }) }))
    return new Map(rows.map(({ client, cost }) => [client, cost]))
  }
  const [ofDay, ofMonth, ofAll] = [spentSince(day), spentSince(`${day.slice(0, 7)}-01`), spentSince()]
  return new Map(
    shown.map(({ id, name, entry }) => {
      const own = [`client ${name}`, ...([entry['groups'] ?? []].flat() as string[]).map((group) => `group ${group}`)]
      const left = scopes
        .filter(({ scope }) => own.includes(scope))
        .map(({ scope, limit, level, amount, nextFree }) => ({ scope, limit, level, amount, nextFree }))
      const spent = { day: ofDay.get(name) ?? 0, month: ofMonth.get(name) ?? 0, all: ofAll.get(name) ?? 0 }
      return [id, { left, spent }]
    }),
  )
}

/** A log that cannot be read at the moment takes nothing from the keys. */
function ifReadable<T>(read: () => T[]): T[] {
  try {
    return read()
  } catch {
    return []
  }
}
