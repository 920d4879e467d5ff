/** `serve --workers N`: this process owns the scheduler and its memory, others serve. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { createOwnerApp, type OwnerApp } from '../app.ts'
import type { Config } from '../config/config.ts'
import type { Store } from '../store/store.ts'
import { createFleet, type Fleet } from '../workers/fleet.ts'
import { UsageError } from './usage.ts'

export interface WorkersOptions {
  config: Config
  /** Reads the configuration anew. Throws a ConfigError. */
  load: () => Config
  workers: number
  port: number
  store: Store | undefined
  greeting: (address: string, config: Config) => string
  tellLeftOut: (log: OwnerApp['log'], config: Config) => void
}

export async function serveWithWorkers(options: WorkersOptions): Promise<number> {
  const { config, workers, store, greeting } = options
  const owner = await createOwnerApp(config, { level: process.env['LOG_LEVEL'] ?? 'info', store })
  options.tellLeftOut(owner.log, config)
  const args = await workerArgs(options.port)
  const fleet = createFleet({ args, scheduler: owner.scheduler, text: owner.text, log: owner.log })
  try {
    console.log(greeting(await fleet.renew(workers), config))
  } catch (cause) {
    await fleet.stop()
    owner.close()
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  reloadOnHangup(owner, fleet, options)
  await untilStopped(owner.log)
  await fleet.stop()
  owner.close()
  return 0
}

/** Their own command line; a free port is chosen once, so that workers that come later find the same. */
async function workerArgs(port: number): Promise<string[]> {
  const args = process.argv.slice(2)
  if (port !== 0) return args
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) return args
  const command = args[0]?.startsWith('-') === false ? args : ['serve', ...args]
  return [...command, '--port', String(address.port)]
}

/** SIGHUP: a configuration that is good is served by new workers; one that is bad changes nothing. Address and port stay. */
function reloadOnHangup(owner: OwnerApp, fleet: Fleet, { load, workers, tellLeftOut }: WorkersOptions): void {
  let turn = Promise.resolve()
  const reload = async (): Promise<void> => {
    try {
      const config = load()
      await owner.reload(config)
      tellLeftOut(owner.log, config)
      await fleet.renew(workers)
      owner.log.info('SIGHUP: the new configuration is served')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      owner.log.error({ why }, 'SIGHUP: the new configuration is not served, the old one still is')
    }
  }
  process.on('SIGHUP', () => void (turn = turn.then(reload)))
}

function untilStopped(log: OwnerApp['log']): Promise<void> {
  return new Promise((resolve) => {
    let stopping = false
    const stop = (signal: string): void => {
      if (stopping) process.exit(1)
      stopping = true
      log.info(`${signal}: no new requests, running ones end`)
      resolve()
    }
    process.on('SIGTERM', stop)
    process.on('SIGINT', stop)
  })
}
