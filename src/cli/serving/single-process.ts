/** `serve` with one process: it owns the scheduler and serves; a reload puts another app behind the same address. */
import { createManagedDirectory } from '../../api/access/managed-directory.ts'
import { createServed, type Served } from '../../app/app.ts'
import type { Config } from '../../config/config.ts'
import { addCounts, emptyCounts } from '../../observability/metrics.ts'
import { createOwner, type Owner } from '../../app/scheduler-owner.ts'
import type { Database } from '../../store/postgres/database.ts'
import type { Store } from '../../store/store.ts'
import { createHotSwapListener } from './hot-swap-listener.ts'
import { listening } from './listen-error.ts'
import { createReloader } from './reload.ts'
import { reloadByItself } from './reload-causes.ts'
import { untilStopped } from './until-stopped.ts'
import { afterStart } from './after-start.ts'

export interface ServeOptions {
  config: Config
  /** Reads the configuration anew. Throws a ConfigError or a UsageError. */
  load: () => Config
  level: string
  port: number
  host: string
  store: Store | undefined
  /** The data folder. */
  data: string | undefined
  /** What replicas share. */
  database: Database | undefined
  /** Variables beside those of this process, as of the newest reading. */
  environment: () => Record<string, string>
  /** Where lines of the log go; standard output when absent. */
  write: ((line: string) => void) | undefined
  /** Is a change of a file enough? Else only who asks. */
  watch: boolean
  /** Files beside those of the configuration. */
  watched: readonly string[]
  announce: (log: Owner['log'], address: string, config: Config) => void
  logConfig: (log: Owner['log'], config: Config) => void
}

export async function serveAlone(options: ServeOptions): Promise<number> {
  const { config, load, level, port, host, store, data, database, environment, write, announce, logConfig } = options
  const stopped = untilStopped()
  const owner = await createOwner(config, {
    level,
    write,
    store,
    data,
    database,
    environment: () => ({ ...environment(), ...process.env }),
  })
  stopped.tell(owner.log)
  const listener = createHotSwapListener()
  const apps = new Set<Served>()
  const managed = createManagedDirectory()
  managed.put(owner.desk.clients())
  owner.desk.onClients(managed.put)
  /** What those have counted that are gone. */
  const past = emptyCounts()
  let current: Served | undefined

  async function page(): Promise<string> {
    return owner.text([past, ...[...apps].map((app) => app.counts())], 1)
  }

  async function retire(app: Served): Promise<void> {
    await app.retire()
    addCounts(past, app.counts())
    apps.delete(app)
  }

  async function serve(next: Config): Promise<void> {
    const { log, redact, desk } = owner
    const served = { scheduler: owner.scheduler(), page, reloads, administration: desk, managed }
    const shared = { ...served, close: () => {}, log, redact }
    const app = await createServed(next, { level, data, database }, shared)
    await listener.show(app.server)
    const before = current
    current = app
    apps.add(app)
    if (before) void retire(before)
  }

  async function stop(): Promise<void> {
    await Promise.all([...apps].map((app) => app.close()))
    await listener.close()
    owner.close()
  }

  const reloads = createReloader({
    owner,
    config,
    load,
    logConfig,
    serve,
    fixed: ['port', 'host', 'data', 'workers'],
  })
  owner.desk.reloadBy(reloads)
  logConfig(owner.log, config)
  await serve(config)
  const address = await listening(() => listener.listen(port, host), stop, port, host)
  const unwatch = reloadByItself(reloads, options.watch, options.watched)
  announce(owner.log, address, config)
  afterStart()
  await stopped.promise
  unwatch()
  await reloads.end()
  await stop()
  return 0
}
