/** A scheduler among replicas: connected to the server that the configuration names. */
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { StateConfig } from '../config/config.ts'
import type { Clock } from '../scheduler/clock.ts'
import { followScheduler } from '../scheduler/follow-scheduler.ts'
import type { LiveScheduler } from '../scheduler/scheduler.ts'
import { placeOf } from './ledger/connection.ts'
import { connectLedger } from './ledger/ledger.ts'
import { createReplicas } from './replicated-scheduler.ts'

export interface Log {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
}

export interface Replicated {
  /** Whoever asks it asks for all replicas. */
  scheduler: LiveScheduler
  close(): Promise<void>
}

/** @param inner the scheduler of this process, also after a reload */
export async function connectReplicas(
  config: StateConfig,
  inner: () => LiveScheduler,
  clock: Clock,
  log: Log,
): Promise<Replicated> {
  const replica = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  const where = placeOf(config.url)
  /** What was said of the connection last: it is tried several times a second, and mostly for the same reason. */
  let fault = ''
  const ledger = await connectLedger({
    url: config.url,
    prefix: config.prefix,
    timeout: config.timeout,
    replica,
    wall: () => clock.wall(),
    freed: (told) => replicas.freed(told),
    said: (text) => replicas.hear(text),
    failed(error) {
      const why = error.message || (error as NodeJS.ErrnoException).code || error.name
      if (why === fault) return
      fault = why
      log.warn({ state: where, why }, 'no connection to the shared state; it is tried again')
    },
  })
  const replicas = createReplicas(inner, ledger, {
    replica,
    on_loss: config.on_loss,
    least: config.replicas,
    clock,
    random: Math.random,
    changed(isAway, why) {
      // Of a call while nothing is connected the client tells its own settings.
      const said = why.includes('enableOfflineQueue') ? 'the connection has ended' : why
      if (isAway) log.warn({ state: where, why: fault || said, on_loss: config.on_loss }, AWAY[config.on_loss])
      else {
        fault = ''
        log.info({ state: where, why }, 'the shared state is back; replicas count together again')
      }
    },
  })
  await replicas.start()
  const scheduler: LiveScheduler = {
    ...followScheduler(inner),
    acquire: (request) => replicas.acquire(request),
    adjustKey(key, change) {
      const isThere = inner().adjustKey(key, change)
      if (isThere) replicas.adjusted(key, change)
      return isThere
    },
    report: () => ({ ...inner().report(), replicas: replicas.report() }),
  }
  return {
    scheduler,
    async close() {
      replicas.close()
      await ledger.close()
    },
  }
}

const AWAY = {
  share: 'the shared state cannot be reached; this replica keeps within its share of each limit until it can',
  refuse: 'the shared state cannot be reached; requests are refused until it can',
  ignore: 'the shared state cannot be reached; this replica counts for itself until it can',
}
