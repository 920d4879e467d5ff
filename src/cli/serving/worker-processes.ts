/** `serve --workers N`: this process owns the scheduler and its memory, others serve. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config, ServerConfig } from '../../config/config.ts'
import { addCounts, emptyCounts } from '../../observability/metrics.ts'
import { createOwner } from '../../app/scheduler-owner.ts'
import { createFleet } from '../../workers/fleet.ts'
import { afterStart } from './after-start.ts'
import { createReloader } from './reload.ts'
import { reloadByItself } from './reload-causes.ts'
import type { ServeOptions } from './single-process.ts'
import { tellConfiguration } from './worker-configuration.ts'
import { untilStopped } from './until-stopped.ts'
import { UsageError } from '../command-line.ts'

export interface WorkersOptions extends ServeOptions {
  workersOf: (server: ServerConfig) => number
}

export async function serveWithWorkers(options: WorkersOptions): Promise<number> {
  const { config, load, workersOf, environment, level, port, host, store, data, database, write, announce, logConfig } =
    options
  // a signal can come before the first worker serves
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
  logConfig(owner.log, config)
  const args = await workerArgs(port, host)
  const serve = async (next: Config): Promise<void> =>
    void (await fleet.renew(workersOf(next.server), tellConfiguration(next), environment()))
  const reloads = createReloader({ owner, config, load, logConfig, serve, fixed: ['port', 'host', 'data'] })
  const fleet = createFleet({
    reloads,
    administration: owner.desk,
    clients: owner.desk.clients,
    args,
    scheduler: owner.scheduler,
    text: owner.text,
    empty: emptyCounts,
    add: addCounts,
    log: owner.log,
  })
  owner.desk.onClients(fleet.tell)
  owner.desk.reloadBy(reloads)
  const end = async (): Promise<number> => {
    await fleet.stop()
    owner.close()
    return 0
  }
  const started = fleet.renew(workersOf(config.server), tellConfiguration(config), environment())
  let address: string | undefined
  try {
    address = await Promise.race([started, stopped.promise.then(() => undefined)])
  } catch (cause) {
    await end()
    if (stopped.isStopping()) return 0
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause })
  }
  if (address === undefined) {
    // those that had not served yet tell that they never did
    started.catch(() => {})
    return end()
  }
  const unwatch = reloadByItself(reloads, options.watch, options.watched)
  announce(owner.log, address, config)
  afterStart()
  await stopped.promise
  unwatch()
  await reloads.end()
  return end()
}

/** Their own command line. The address is said once, so that workers that come later find the same. */
async function workerArgs(port: number, host: string): Promise<string[]> {
  const args = process.argv.slice(2)
  const command = args[0]?.startsWith('-') === false ? args : ['serve', ...args]
  return [...command, '--host', host, '--port', String(port === 0 ? await freePort() : port)]
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}
