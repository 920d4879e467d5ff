/** The whole gateway put together from a configuration, and taken apart again. */
import type { FastifyInstance } from 'fastify'
import type { Config, Provider, ServerConfig } from './config/config.ts'
import { isSandbox } from './standby.ts'
import { nearMiss } from './definition/near-miss.ts'
import { createRunning } from './api/running.ts'
import { createLoadView } from './api/ancestor/load.ts'
import type { FailoverOptions } from './gateway/failover.ts'
import { createFirstTokenTimes } from './gateway/first-token-times.ts'
import { createGateway, type GatewayParts } from './gateway/gateway.ts'
import type { Hedging } from './gateway/hedge.ts'
import { createTrafficBudget } from './gateway/traffic-budget.ts'
import { createLog, type Log } from './observability/log.ts'
import { addCounts, CONTENT_TYPE, createMetrics, metricsText, type Counts } from './observability/metrics.ts'
import { createRedactor, type Redact } from './observability/redact.ts'
import type { Sandbox } from './sandbox/sandbox.ts'
import { realClock, type Clock } from './scheduler/clock.ts'
import type { Scheduler } from './scheduler/contract.ts'
import { createScheduler, type LiveScheduler } from './scheduler/scheduler.ts'
import { schedulerSpec } from './scheduler-spec.ts'
import { buildServer } from './server.ts'
import { keepJournal, type Memory } from './store/journal.ts'
import type { Store } from './store/store.ts'
import { proxyOf } from './upstream/client-pools.ts'
import { createClient } from './upstream/client.ts'
import { createMediaFetcher } from './upstream/fetch-media.ts'
import { listModels } from './models.ts'

export interface AppOptions {
  level: string
  /** Where log lines go; standard output when absent. */
  write?: (line: string) => void
  /** Where what the scheduler counts and learns is kept; closed with the app. Nothing is kept when absent. */
  store?: Store
  /** Another time than the machine's, for tests. */
  clock?: Clock
  /** Addresses that files may be fetched from beside public ones, for tests. */
  allowMedia?: (address: string) => boolean
}

export interface App extends Served {
  scheduler: LiveScheduler
}

/** What answers requests, whoever owns the scheduler. */
export interface Served {
  server: FastifyInstance
  /** What this process has counted. */
  counts(): Counts
  log: Log
  redact: Redact
  /** Running requests end, up to the configured bound; then everything is closed. */
  close(): Promise<void>
}

/** One process that does everything. */
export async function createApp(config: Config, options: AppOptions): Promise<App> {
  const { clock = realClock } = options
  const redact = createRedactor(secretNames(config))
  const log = createLog({ level: options.level, redact, write: options.write })
  const { scheduler, close } = await openScheduler(config, log, options.store, clock)
  const page = async (counts: Counts): Promise<string> => metricsText(counts, { ...scheduler.report(), workers: 1 })
  const served = await assemble(config, options, { scheduler, page, close }, log, redact)
  return { ...served, scheduler }
}

/** A worker: everything but the scheduler, which another process owns. */
export async function createWorkerApp(config: Config, options: AppOptions, shared: Shared): Promise<Served> {
  const redact = createRedactor(secretNames(config))
  const log = createLog({ level: options.level, redact, write: options.write })
  return assemble(config, options, shared, log, redact)
}

/** What the owner of workers has. */
export async function createOwnerApp(config: Config, options: Pick<AppOptions, 'level' | 'store'>): Promise<OwnerApp> {
  const { level, store } = options
  const log = createLog({ level, redact: createRedactor(secretNames(config)) })
  let current = createScheduler(await schedulerSpec(config))
  const memory: Memory = {
    restore: (snapshot) => current.restore(snapshot),
    snapshot: () => current.snapshot(),
    changes: () => current.changes(),
  }
  const stopJournal = store && keepJournal(memory, store, realClock, (err) => log.error({ err }, UNKEPT))
  return {
    scheduler: () => current,
    log,
    async reload(next) {
      const scheduler = createScheduler(await schedulerSpec(next))
      const before = current
      scheduler.restore({ ...before.snapshot(), clean: true })
      if (store) scheduler.changes()
      current = scheduler
      // who waits in it is asked for again in its successor
      before.close()
    },
    text(each, workers) {
      const sum: Counts = new Map()
      for (const counts of each) addCounts(sum, counts)
      return metricsText(sum, { ...current.report(), workers })
    },
    close() {
      current.close()
      stopJournal?.()
    },
  }
}

export interface OwnerApp {
  /** The one of this moment. */
  scheduler: () => LiveScheduler
  log: Log
  /** Another configuration: what was counted and learnt goes on. Throws a ConfigError, and then nothing has changed. */
  reload(config: Config): Promise<void>
  /** Counters of several processes as one page. */
  text(each: Iterable<Counts>, workers: number): string
  close(): void
}

/** The scheduler of an app, wherever it is. */
interface Shared {
  scheduler: Scheduler
  /** The page of counters, given this process's own. */
  page(counts: Counts): Promise<string>
  close(): void
}

/** With its memory, where there is a store. */
async function openScheduler(config: Config, log: Log, store: Store | undefined, clock: Clock) {
  const scheduler = createScheduler(await schedulerSpec(config), clock)
  const stopJournal = store && keepJournal(scheduler, store, clock, (err) => log.error({ err }, UNKEPT))
  return {
    scheduler,
    close(): void {
      scheduler.close()
      stopJournal?.()
    },
  }
}

async function assemble(
  config: Config,
  options: AppOptions,
  shared: Shared,
  log: Log,
  redact: Redact,
): Promise<Served> {
  const { clock = realClock } = options
  const { scheduler } = shared
  const sandbox = config.providers.some(isSandbox) ? await openSandbox() : undefined
  const providers = config.providers.map((provider) => withSandbox(provider, sandbox))
  const client = createClient({ proxy: proxyOf(process.env), connect: config.server.timeouts.connect })
  const media = createMediaFetcher({
    max_bytes: config.server.media.size,
    timeout: config.server.media.timeout,
    allow: options.allowMedia,
  })
  const models = listModels(config)
  const names = models.map((model) => model.id)
  const metrics = createMetrics(new Set(names))
  const gateway = createGateway({
    providers,
    scheduler,
    client,
    media,
    timeouts: config.server.timeouts,
    bounds: config.server.bounds,
    failover: failoverOptions(config.server, clock.now),
    hedging: config.server.hedge > 0 ? hedgingOptions(config.server, clock.now) : undefined,
    resumable: new Set(config.models.filter((pool) => pool.resume === true).map((pool) => pool.model)),
    passHeaders: responseHeaders(config.server.forward.response, redact),
    record: (record) => {
      log.record(record)
      metrics.record(record)
    },
    suggest: (model) => nearMiss(model, names),
    now: clock.now,
    wall: clock.wall,
  })
  const load = createLoadView(config.models, providers, scheduler)
  const running = createRunning()
  const page = { text: () => shared.page(metrics.counts()), contentType: CONTENT_TYPE }
  const server = buildServer({
    running,
    load,
    metrics: page,
    config: config.server,
    gateway,
    scheduler,
    models,
    log,
    redact,
  })
  return {
    server,
    counts: metrics.counts,
    log,
    redact,
    async close() {
      const cut = await running.stop(config.server.shutdown)
      if (cut > 0) log.warn(`${cut} requests still ran after ${config.server.shutdown} ms and were cut off`)
      await server.close()
      shared.close()
      await client.destroy()
      await media.close()
      await sandbox?.close()
    },
  }
}

const UNKEPT = 'what the scheduler counted could not be written; it is tried again'

/** Retries that are saved up for a fault that hits many requests at once, and that need no traffic to be earned by. */
const RETRY_BURST = 100
const RETRIES_PER_SECOND = 1

function failoverOptions(config: ServerConfig, now: () => number): FailoverOptions {
  const { retry_share: share, retries, retry_within: within, refused_wait: refusedWait } = config
  const traffic = createTrafficBudget({ share, burst: RETRY_BURST, perSecond: RETRIES_PER_SECOND, now })
  return { retries, within, refusedWait, traffic }
}

function hedgingOptions(config: ServerConfig, now: () => number): Hedging {
  return {
    times: createFirstTokenTimes(),
    traffic: createTrafficBudget({ share: config.hedge, burst: 1, perSecond: 0, now }),
  }
}

/** Those headers of an upstream's answer that may be shown, without secrets that it says back. */
function responseHeaders(names: readonly string[], redact: Redact): GatewayParts['passHeaders'] {
  if (names.length === 0) return undefined
  return (headers) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = headers[name]
        return value === undefined ? [] : [[name, redact(value)]]
      }),
    )
}

/** Loaded only where it is used. */
async function openSandbox(): Promise<Sandbox> {
  const { startSandbox } = await import('./sandbox/sandbox.ts')
  return startSandbox()
}

function withSandbox(provider: Provider, sandbox: Sandbox | undefined): Provider {
  return sandbox && isSandbox(provider) ? { ...provider, base_url: `${sandbox.url}/v1` } : provider
}

/** From each secret to the name that may be shown in its place. */
function secretNames(config: Config): Map<string, string> {
  const names = new Map<string, string>()
  for (const provider of config.providers) {
    for (const { name, secret } of provider.keys) {
      if (typeof secret === 'string') names.set(secret, name)
      else
        for (const [part, value] of Object.entries(secret)) if (part !== 'region') names.set(value, `${name}.${part}`)
    }
    for (const [header, value] of Object.entries(provider.headers)) {
      if (/auth|key|token|secret|cookie/i.test(header)) names.set(value, `${provider.name}.headers.${header}`)
    }
  }
  for (const [key, client] of config.server.client_names) names.set(key, client)
  return names
}
