/** `serve`: the gateway on a port, until it is told to stop. */
import cluster from 'node:cluster'
import { createApp, createWorkerApp, type Served } from '../app.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/load.ts'
import { isSandbox, standAside } from '../standby.ts'
import type { Store } from '../store/store.ts'
import { configFile, readOptions, readPort, readWorkers, UsageError } from './usage.ts'

const OPTIONS = {
  config: { type: 'string' },
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  workers: { type: 'string' },
  insecure: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions(args, OPTIONS)
  const config = standAside(loadConfig(configFile(values.config), process.env))
  const port = readPort(values.port ?? process.env['PORT'] ?? String(config.server.port ?? 9000))
  const host = values.host ?? process.env['HOST'] ?? config.server.host ?? '127.0.0.1'
  if (values.insecure !== true) checkReach(host, config.server.api_keys)
  const workers = readWorkers(values.workers ?? (process.env['BALANCED_CALL_WORKERS'] || config.server.workers) ?? 1)
  if (cluster.isWorker) return serveAsWorker(config, port, host)
  const data = values.data ?? (process.env['BALANCED_CALL_DATA'] || config.server.data)
  const store = data === undefined ? undefined : await open(data)
  if (workers > 1) {
    const { serveWithWorkers } = await import('./serve-workers.ts')
    const load = () => standAside(loadConfig(configFile(values.config), process.env))
    return serveWithWorkers({ config, load, workers, port, store, greeting, tellLeftOut })
  }
  const app = await createApp(config, { level: logLevel(), store })
  tellLeftOut(app.log, config)
  const address = await listen(app, port, host)
  console.log(greeting(address, config))
  await untilStopped(app)
  return 0
}

/** One of several: the owner of the scheduler has started it, and says when it ends. */
async function serveAsWorker(config: Config, port: number, host: string): Promise<number> {
  const { linkToOwner } = await import('../workers/worker.ts')
  const { scheduler, page, serve } = linkToOwner(config.server.shutdown)
  const shared = { scheduler, page, close: () => scheduler.close() }
  const app = await createWorkerApp(config, { level: logLevel() }, shared)
  await serve(app, await listen(app, port, host))
  return 0
}

/** Whoever reaches this server spends its keys: beyond this machine it wants to know who asks. */
function checkReach(host: string, keys: readonly string[]): void {
  if (keys.length > 0 || host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)) return
  throw new UsageError(
    `on ${host} others could spend your keys: set server.api_keys or BALANCED_CALL_API_KEYS for those who may call, ` +
      'or say --insecure if anyone may',
  )
}

/** SQLite is loaded only where there is something to keep. */
async function open(folder: string): Promise<Store> {
  const { openStore } = await import('../store/store.ts')
  try {
    return openStore(folder)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new UsageError(`nothing can be kept in ${folder}: ${why}; choose another folder with --data`, { cause })
  }
}

async function listen(app: Served, port: number, host: string): Promise<string> {
  try {
    return await app.server.listen({ port, host })
  } catch (cause) {
    await app.close()
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') throw new UsageError(`port ${port} is taken; choose another with --port`, { cause })
    if (code === 'EACCES')
      throw new UsageError(`port ${port} needs more rights than this user has; choose one above 1023`, { cause })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new UsageError(`there is no address "${host}" here; see --host`, { cause })
    throw cause
  }
}

/** One line, however many providers the catalogue has: most of them wait for a key that this user will never have. */
function tellLeftOut(log: Served['log'], config: Config): void {
  if (config.leftOut.length === 0) return
  const reasons = Object.fromEntries(config.leftOut.map(({ name, reason }) => [name, reason]))
  log.info({ left_out: reasons }, `${config.leftOut.length} providers are left out: "balanced-call providers" says why`)
}

/** One line for people: where, who, what, and a call to try. */
function greeting(address: string, config: Config): string {
  const live = config.providers.map((provider) => (isSandbox(provider) ? `${provider.name} (embedded)` : provider.name))
  const models = config.models.map((pool) => pool.model)
  const model = models[0] ?? 'auto'
  const example =
    `curl ${address}/v1/chat/completions -H 'content-type: application/json' ` +
    `-d '{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}'`
  return `balanced-call on ${address}/v1 · providers: ${some(live)} · models: ${some(models)} · try: ${example}`
}

function some(names: string[]): string {
  if (names.length === 0) return 'none'
  return names.length > 12 ? `${names.slice(0, 12).join(', ')} and ${names.length - 12} more` : names.join(', ')
}

/** Resolves when everything is closed. A second signal does not wait any longer. */
function untilStopped(app: Served): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: string): void => {
      if (stopping) process.exit(1)
      stopping = true
      app.log.info(`${signal}: no new requests, running ones end`)
      void app.close().then(resolve)
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}

function logLevel(): string {
  return process.env['LOG_LEVEL'] ?? 'info'
}
