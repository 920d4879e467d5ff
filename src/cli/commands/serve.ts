/** `serve`: the gateway on a port, until it is told to stop. */
import cluster from 'node:cluster'
import { createWorkerApp } from '../../app/app.ts'
import type { Config, DatabaseConfig, ServerConfig } from '../../config/config.ts'
import { configOf, loadConfig } from '../../config/load.ts'
import { parseSource } from '../../config/document/read-source.ts'
import { standAside } from '../../app/sandbox-fallback.ts'
import { addedKeys } from '../../app/desk/kept-provider-keys.ts'
import { createManagedDirectory } from '../../api/access/managed-directory.ts'
import { hasClientKeys } from '../../store/sqlite/document-file.ts'
import type { Database, SharedRequests } from '../../store/postgres/database.ts'
import type { Store } from '../../store/store.ts'
import { takeKeys } from '../import-keys.ts'
import { openNamedDatabase } from '../named-database.ts'
import { afterStart } from '../serving/after-start.ts'
import { listening } from '../serving/listen-error.ts'
import { serveAlone } from '../serving/single-process.ts'
import { hearConfiguration } from '../serving/worker-configuration.ts'
import { announce, logConfig } from '../serving/greeting.ts'
import { checkEnvironmentUrls } from '../environment-urls.ts'
import { refuseOwnAddress } from '../serving/own-address.ts'
import { envFileOf, readEnvFile } from '../env-file.ts'
import { configFile, readOptions, refuseMore, readPort, readWorkers, UsageError } from '../command-line.ts'

const OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  workers: { type: 'string' },
  insecure: { type: 'boolean' },
  env: { type: 'string' },
  'no-watch': { type: 'boolean' },
} as const

interface Address {
  port: number
  host: string
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  const [surplus = ''] = positionals
  const option = /^\d+$/.test(surplus) ? '--port' : /\.ya?ml$/.test(surplus) ? '--config' : undefined
  if (option) throw new UsageError(`unexpected argument "${surplus}", did you mean ${option} ${surplus}?`)
  refuseMore(positionals, 0)
  const file = configFile(values.config)
  const dataOf = (server: ServerConfig): string | undefined =>
    values.data ?? (process.env['BALANCED_CALL_DATA'] || server.data)
  const addressOf = ({ server }: Config): Address => {
    const port = readPort(values.port ?? process.env['PORT'] ?? String(server.port ?? 9000))
    const host = values.host ?? process.env['HOST'] ?? server.host ?? '127.0.0.1'
    return { port, host }
  }
  let database: Database | undefined
  if (cluster.isWorker) return serveAsWorker(file, addressOf, dataOf)
  const envFile = envFileOf(values.env)
  let environment: Record<string, string> = {}
  const read = (): Config => {
    const more = readEnvFile(envFile)
    checkEnvironmentUrls({ ...more, ...process.env })
    const variables = { ...more, ...process.env }
    const written = loadConfig(file, variables)
    const place = { folder: dataOf(written.server), shared: database?.table('provider_key') }
    const added = addedKeys(place, variables, database || written.database === undefined ? tellUnopened : () => {})
    const next = standAside(Object.keys(added).length === 0 ? written : loadConfig(file, variables, undefined, added))
    environment = more
    return withHost(next, values.host ?? process.env['HOST'])
  }
  const first = read()
  database = await openNamedDatabase(first)
  // whatever is wrong from here on, nothing keeps the process from its end
  try {
    if (database) await takeKeys(dataOf(first.server), database, { ...environment, ...process.env }, console.error)
    const config = database ? read() : first
    const { port, host } = addressOf(config)
    const checked = (of: Config): Config => {
      refuseOwnAddress(of, host, port)
      if (values.insecure !== true) checkReach(host, of.server, { folder: dataOf(of.server), shared: database })
      return of
    }
    checked(config)
    const load = (): Config => checked(read())
    const workersOf = (server: ServerConfig): number =>
      readWorkers(values.workers ?? (process.env['BALANCED_CALL_WORKERS'] || server.workers) ?? 1)
    const workers = workersOf(config.server)
    const data = dataOf(config.server)
    const store = data === undefined ? undefined : await open(data)
    const write = isTerminal() ? await prettyLines() : undefined
    const options = {
      config,
      load,
      level: logLevel(),
      write,
      port,
      host,
      store,
      data,
      database,
      environment: () => environment,
      watch: values['no-watch'] !== true,
      watched: envFile === undefined ? [] : [envFile],
      announce: announce(write !== undefined),
      logConfig,
    }
    if (workers === 1) return await serveAlone(options)
    const { serveWithWorkers } = await import('../serving/worker-processes.ts')
    return await serveWithWorkers({ ...options, workersOf })
  } finally {
    await database?.close()
  }
}

/** One of several: the owner of the scheduler has started it, says what it serves, and when it ends. */
async function serveAsWorker(
  file: string,
  addressOf: (config: Config) => Address,
  dataOf: (server: ServerConfig) => string | undefined,
): Promise<number> {
  const { linkToOwner } = await import('../../workers/worker.ts')
  const { scheduler, configuration, page, serve } = linkToOwner()
  const { text, added } = hearConfiguration(await configuration())
  const read = standAside(configOf(parseSource(file, text), process.env, undefined, added))
  const database = read.database && (await openRequests(read.database))
  const { port, host } = addressOf(read)
  const config = withHost(read, host)
  const managed = createManagedDirectory()
  managed.put(await scheduler.clients(managed.put))
  const { reloads, administration } = scheduler
  const shared = { scheduler, page, reloads, administration, managed, close: () => scheduler.close() }
  const write = isTerminal() ? await prettyLines() : undefined
  const options = { level: logLevel(), write, data: dataOf(config.server), database }
  const app = await createWorkerApp(config, options, shared)
  const listen = (): Promise<string> => app.server.listen({ port, host })
  const address = await listening(listen, app.close, port, host)
  afterStart()
  await serve(app, address)
  await database?.close()
  return 0
}

function tellUnopened(why: string): void {
  console.error(`a key that was added to a provider cannot be opened (${why}); the others serve`)
}

/** What it listens on is a name that it answers to. */
function withHost(config: Config, host: string | undefined): Config {
  return host === undefined ? config : { ...config, server: { ...config.server, host } }
}

/** Whoever reaches this server spends its keys: beyond this machine it wants to know who asks. */
function checkReach(
  host: string,
  { api_keys, client_hashes }: ServerConfig,
  { folder, shared }: { folder: string | undefined; shared: Database | undefined },
): void {
  const isLocal = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
  if (api_keys.length + client_hashes.size > 0 || isLocal) return
  if (shared ? shared.table('client_key').all().size > 0 : folder !== undefined && hasClientKeys(folder)) return
  throw new UsageError(
    `on ${host} others could spend your keys: set server.api_keys or BALANCED_CALL_API_KEYS for those who may call, ` +
      'or say --insecure if anyone may',
  )
}

/** SQLite is loaded only where there is something to keep. */
async function open(folder: string): Promise<Store> {
  const { openStore } = await import('../../store/store.ts')
  try {
    return openStore(folder, (aside, why) =>
      console.error(
        `what was counted before cannot be read (${why}): it is set aside as ${aside}, and counting begins anew`,
      ),
    )
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`cannot store state in ${folder}: ${why}; choose another folder with --data`, { cause })
  }
}

function logLevel(): string {
  return process.env['LOG_LEVEL'] ?? 'info'
}

async function openRequests(address: DatabaseConfig): Promise<SharedRequests> {
  const { openSharedRequests } = await import('../../store/postgres/database.ts')
  return openSharedRequests(address)
}

/** People read a terminal; programs read everything else. */
function isTerminal(): boolean {
  const format = process.env['LOG_FORMAT']
  if (format === 'pretty' || format === 'json') return format === 'pretty'
  return process.stdout.isTTY && process.env['NODE_ENV'] !== 'production'
}

/** Loaded only where people read. */
async function prettyLines(): Promise<(line: string) => void> {
  const { createPrettyLines } = await import('../../observability/pretty-lines.ts')
  return createPrettyLines(process.stdout)
}
