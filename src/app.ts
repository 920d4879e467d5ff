/** The whole gateway put together from a configuration, and taken apart again. */
import type { FastifyInstance } from 'fastify'
import type { Config, Provider } from './config/config.ts'
import { isSandbox } from './standby.ts'
import { nearMiss } from './definition/near-miss.ts'
import { createLoadView } from './api/ancestor/load.ts'
import { createGateway } from './gateway/gateway.ts'
import { createLog, logRecord, type Log } from './observability/log.ts'
import { createMetrics } from './observability/metrics.ts'
import { createRedactor, type Redact } from './observability/redact.ts'
import { startSandbox, type Sandbox } from './sandbox/sandbox.ts'
import { realClock, type Clock } from './scheduler/clock.ts'
import { createScheduler, type LiveScheduler } from './scheduler/scheduler.ts'
import { schedulerSpec } from './scheduler-spec.ts'
import { buildServer } from './server.ts'
import { keepJournal } from './store/journal.ts'
import type { Store } from './store/store.ts'
import { proxyOf } from './upstream/client-pools.ts'
import { createClient } from './upstream/client.ts'
import { listModels } from './models.ts'

export interface AppOptions {
  level: string
  /** Where log lines go; standard output when absent. */
  write?: (line: string) => void
  /** Where what the scheduler counts and learns is kept; closed with the app. Nothing is kept when absent. */
  store?: Store
  /** Another time than the machine's, for tests. */
  clock?: Clock
}

export interface App {
  server: FastifyInstance
  scheduler: LiveScheduler
  log: Log
  redact: Redact
  /** Running requests end, up to the configured bound; then everything is closed. */
  close(): Promise<void>
}

export async function createApp(config: Config, options: AppOptions): Promise<App> {
  const { store, clock = realClock } = options
  const redact = createRedactor(secretNames(config))
  const log = createLog({ level: options.level, redact, write: options.write })
  const sandbox = config.providers.some(isSandbox) ? await startSandbox() : undefined
  const providers = config.providers.map((provider) => withSandbox(provider, sandbox))
  const scheduler = createScheduler(await schedulerSpec(config), clock)
  const stopJournal = store && keepJournal(scheduler, store, clock, (err) => log.error({ err }, UNKEPT))
  const client = createClient({ proxy: proxyOf(process.env) })
  const models = listModels(config)
  const names = models.map((model) => model.id)
  const metrics = createMetrics(new Set(names), () => scheduler.report())
  const gateway = createGateway({
    providers,
    scheduler,
    client,
    timeouts: config.server.timeouts,
    failover: {
      retries: config.server.retries,
      budget: config.server.timeouts.total,
      refusedWait: config.server.refused_wait,
    },
    record: (record) => {
      logRecord(log, record)
      metrics.record(record)
    },
    suggest: (model) => nearMiss(model, names),
    now: clock.now,
    wall: clock.wall,
  })
  const load = createLoadView(config.models, providers, scheduler)
  const server = buildServer({ load, metrics, config: config.server, gateway, scheduler, models, log, redact })
  return {
    server,
    scheduler,
    log,
    redact,
    async close() {
      await server.close()
      scheduler.close()
      stopJournal?.()
      await client.destroy()
      await sandbox?.close()
    },
  }
}

const UNKEPT = 'what the scheduler counted could not be written; it is tried again'

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
