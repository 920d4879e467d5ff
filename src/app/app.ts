/** The whole gateway put together from a configuration, and taken apart again. */
import type { SpanExporter } from '@opentelemetry/sdk-trace-base'
import type { FastifyInstance } from 'fastify'
import type { Config, Provider, ServerConfig } from '../config/config.ts'
import { isSandbox } from './sandbox-fallback.ts'
import { createOwner } from './scheduler-owner.ts'
import { createRunning } from '../api/http/running-requests.ts'
import { createLoadView } from '../api/legacy/load-report.ts'
import type { FailoverOptions } from '../gateway/retry/failover.ts'
import { createFirstTokenTimes } from '../gateway/retry/first-token-times.ts'
import { createGateway, type GatewayParts } from '../gateway/gateway.ts'
import type { Hedging } from '../gateway/retry/hedge.ts'
import { createRetryBudget } from '../gateway/retry/retry-budget.ts'
import { createLog, type Log } from '../observability/log.ts'
import { watchEventLoop } from '../observability/event-loop-delay.ts'
import { CONTENT_TYPE } from '../observability/metrics-page.ts'
import { createMetrics, type Counts } from '../observability/metrics.ts'
import { createRedactor, type Redact } from '../observability/redact.ts'
import type { Administration } from '../runtime/administration.ts'
import type { Reloads } from '../runtime/reloads.ts'
import type { Sandbox } from '../sandbox/sandbox.ts'
import { realClock, type Clock } from '../scheduler/clock.ts'
import type { Scheduler } from '../scheduler/types.ts'
import type { LiveScheduler } from '../scheduler/scheduler.ts'
import { createClientDirectory } from '../api/access/client-directory.ts'
import { createManagedDirectory, type ManagedDirectory } from '../api/access/managed-directory.ts'
import { createAccessOf } from './client-access.ts'
import { createConfigDesk } from './config-desk.ts'
import { createConvert } from './converted-request.ts'
import { createPlanner } from './plan/planner.ts'
import { createPriceBook } from '../prices/price-book.ts'
import { keepResponses } from './keep-responses.ts'
import { openRequestLog } from './open-request-log.ts'
import { openTraces } from './traces.ts'
import { secretNames } from './secret-names.ts'
import { buildServer } from './server.ts'
import { createRecordReader } from '../store/sqlite/request-reader.ts'
import type { Database, SharedRequests } from '../store/postgres/database.ts'
import type { Store } from '../store/store.ts'
import { proxyOf } from '../upstream/http/connection-pools.ts'
import { createClient, type Client } from '../upstream/http/client.ts'
import { createMediaFetcher } from '../upstream/media/fetch-media.ts'
import { listModels } from './model-list.ts'
import { createModelNames, nearestModel } from './model-names.ts'

export interface AppOptions {
  level: string
  /** Where log lines go; standard output when absent. */
  write?: (line: string) => void
  /** Where what the scheduler counts and learns is kept; closed with the app. Nothing is kept when absent. */
  store?: Store
  /** The folder where responses are kept; in memory when absent. */
  data?: string | undefined
  /** What replicas share; stays open. */
  database?: Database | undefined
  /** Another time than the machine's, for tests. */
  clock?: Clock
  /** Another way to upstreams than the network, for tests. */
  client?: Client
  /** Nothing is logged, counted or kept of requests, so that what that costs can be measured. */
  unobserved?: boolean
  /** Where spans go instead of the collector that the environment names, for tests. */
  spans?: SpanExporter
  /** Addresses that files may be fetched from beside public ones, for tests. */
  allowMedia?: (address: string) => boolean
}

/** Who serves beside the owner of the scheduler needs no more of the database than the log of requests. */
export type ServedOptions = Omit<AppOptions, 'database'> & { database?: SharedRequests | undefined }

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
  /** Who only watches is sent to the server that takes this one's place. */
  leave(): void
  /** For one that gets no new requests: when those that run have ended, however long it takes, everything is closed. */
  retire(): Promise<void>
}

/** One process that does everything. */
export async function createApp(config: Config, options: AppOptions): Promise<App> {
  const owner = await createOwner(config, options)
  const scheduler = owner.scheduler()
  const page = async (counts: Counts): Promise<string> => owner.text([counts], 1)
  const { log, redact, close, desk } = owner
  const managed = createManagedDirectory()
  managed.put(desk.clients())
  desk.onClients(managed.put)
  const shared = { scheduler, page, close, log, redact, administration: desk, managed }
  const served = await createServed(config, options, shared)
  return { ...served, scheduler }
}

/** A worker: everything but the scheduler, which another process owns. */
export async function createWorkerApp(
  config: Config,
  options: ServedOptions,
  shared: SharedScheduler,
): Promise<Served> {
  const redact = createRedactor(secretNames(config))
  const log = createLog({ level: options.level, redact, write: options.write })
  return createServed(config, options, { ...shared, log, redact })
}

/** The scheduler of an app, wherever it is. */
export interface SharedScheduler {
  scheduler: Scheduler
  /** The page of counters, given this process's own. */
  page(counts: Counts): Promise<string>
  /** Absent where the configuration is never read anew. */
  reloads?: Reloads
  administration: Administration
  /** Clients' keys that are managed at run time. */
  managed: ManagedDirectory
  close(): void
}

interface Shared extends SharedScheduler {
  log: Log
  redact: Redact
}

/** What one configuration needs to answer requests. */
export async function createServed(config: Config, options: ServedOptions, shared: Shared): Promise<Served> {
  const { clock = realClock } = options
  const { scheduler, log, redact } = shared
  const sandbox = config.providers.some(isSandbox) ? await openSandbox() : undefined
  const providers = config.providers.map((provider) => withSandbox(provider, sandbox))
  const client =
    options.client ?? createClient({ proxy: proxyOf(process.env), connect: config.server.timeouts.connect })
  const media = createMediaFetcher({
    max_bytes: config.server.media.size,
    timeout: config.server.media.timeout,
    allow: options.allowMedia,
  })
  const models = listModels(config)
  const names = models.map((model) => model.id)
  const modelNames = createModelNames({ providers, aliases: config.aliases }, names)
  const metrics = createMetrics(new Set(names))
  const prices = createPriceBook({
    providers: config.providers,
    pools: config.models,
    wall: clock.wall,
    failed: (err) => log.warn({ err }, 'the list of prices cannot be read: only prices of the configuration count'),
  })
  // once the server answers, and before somebody waits for it
  setTimeout(prices.ready, SOON).unref()
  const unwatch = watchEventLoop(metrics.counts().delay)
  const { server: settings } = config
  const directory = createClientDirectory({
    names: settings.client_names,
    hashes: settings.client_hashes,
    accesses: settings.accesses,
    managed: shared.managed,
  })
  const accessOf = createAccessOf(directory)
  const requestLog = openRequestLog(config, options, shared)
  const tracing = await openTraces({ wall: clock.wall, log, redact }, options.spans)
  const gateway = createGateway({
    providers,
    scheduler,
    pools: config.models,
    client,
    media,
    timeouts: config.server.timeouts,
    bounds: config.server.bounds,
    failover: failoverOptions(config.server, clock.now),
    hedging: config.server.hedge > 0 ? hedgingOptions(config.server, clock.now) : undefined,
    resumable: new Set(config.models.filter((pool) => pool.resume === true).map((pool) => pool.model)),
    passHeaders: responseHeaders(config.server.forward.response, redact),
    record: (record) => {
      if (options.unobserved) return
      log.record(record)
      metrics.record(record)
      requestLog?.record(record)
      tracing?.record(record)
    },
    traces: tracing !== undefined,
    meant: modelNames.meant,
    accessOf,
    priced: prices.ready,
    priceOf: prices.find,
    suggest: (model) => nearestModel(model, names),
    now: clock.now,
    wall: clock.wall,
  })
  const load = createLoadView(config.models, providers, scheduler)
  const running = createRunning()
  const responses = keepResponses(options, log)
  const page = { text: () => shared.page(metrics.counts()), contentType: CONTENT_TYPE }
  const server = buildServer({
    running,
    load,
    metrics: page,
    reloads: shared.reloads,
    administration: shared.administration,
    config: config.server,
    gateway,
    scheduler,
    models,
    names: modelNames,
    records: options.database?.records ?? (options.data === undefined ? undefined : createRecordReader(options.data)),
    convert: createConvert({ providers, models: config.models }, modelNames.meant),
    configFile: createConfigDesk(config, shared.reloads),
    plan: createPlanner(config, { folder: options.data, database: options.database?.address }, clock.wall),
    directory,
    accessOf,
    responses: responses.get,
    log,
    redact,
  })
  let closed: Promise<void> | undefined
  async function close(): Promise<void> {
    const cut = await running.stop(config.server.shutdown)
    if (cut > 0) log.warn(`${cut} requests still ran after ${config.server.shutdown} ms and were cut off`)
    await server.close()
    await requestLog?.close()
    await tracing?.close()
    unwatch()
    shared.close()
    await client.destroy()
    await media.close()
    await responses.close()
    await sandbox?.close()
  }
  return {
    server,
    counts: metrics.counts,
    log,
    redact,
    close: () => (closed ??= close()),
    leave: running.leave,
    async retire() {
      await running.idle()
      await (closed ??= close())
    },
  }
}

/** Milliseconds. */
const SOON = 500

/** Retries that are saved up for a fault that hits many requests at once, and that need no traffic to be earned by. */
const RETRY_BURST = 100
const RETRIES_PER_SECOND = 1

function failoverOptions(config: ServerConfig, now: () => number): FailoverOptions {
  const { retry_share: share, retries, retry_within: within, refused_wait: refusedWait } = config
  const traffic = createRetryBudget({ share, burst: RETRY_BURST, perSecond: RETRIES_PER_SECOND, now })
  return { retries, within, refusedWait, traffic }
}

function hedgingOptions(config: ServerConfig, now: () => number): Hedging {
  return {
    times: createFirstTokenTimes(),
    traffic: createRetryBudget({ share: config.hedge, burst: 1, perSecond: 0, now }),
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
  const { startSandbox } = await import('../sandbox/sandbox.ts')
  return startSandbox()
}

function withSandbox(provider: Provider, sandbox: Sandbox | undefined): Provider {
  return sandbox && isSandbox(provider) ? { ...provider, base_url: `${sandbox.url}/v1` } : provider
}
