/** What one process has for all that serve, in it or beside it: the scheduler, its memory, and the page of counters. */
import type { Config, StateConfig } from '../config/config.ts'
import { createLog, type Log } from '../observability/log.ts'
import { addCounts, emptyCounts, type Counts } from '../observability/metrics.ts'
import { metricsText } from '../observability/metrics-page.ts'
import { createUpstreamFaults } from '../observability/upstream-faults.ts'
import { createRedactor, type Redact } from '../observability/redact.ts'
import { realClock, type Clock } from '../scheduler/clock.ts'
import type { Price } from '../chat/price.ts'
import { createPriceBook } from '../prices/price-book.ts'
import { createClientUsage } from '../scheduler/persistence/client-usage.ts'
import { followScheduler } from '../scheduler/follow-scheduler.ts'
import { createScheduler, type LiveScheduler, type SchedulerSpec } from '../scheduler/scheduler.ts'
import { openDesk, type Desk } from './desk/desk.ts'
import { schedulerSpec } from './scheduler-spec.ts'
import { listModels } from './model-list.ts'
import { packageVersion } from './package-version.ts'
import { secretNames } from './secret-names.ts'
import type { Replicated } from '../replicas/connect.ts'
import { keepJournal, type Memory } from '../store/journal.ts'
import type { Database } from '../store/postgres/database.ts'
import { createRecordReader } from '../store/sqlite/request-reader.ts'
import type { Store } from '../store/store.ts'

export interface OwnerOptions {
  level: string
  write?: (line: string) => void
  store?: Store
  /** The data folder, for keys that are managed at run time; they cannot be without. */
  data?: string | undefined
  /** What replicas share; stays open. */
  database?: Database | undefined
  /** Variables, as of the newest reading. */
  environment?: () => Record<string, string | undefined>
  clock?: Clock
}

export interface Owner {
  /** The one of this moment. */
  scheduler: () => LiveScheduler
  log: Log
  redact: Redact
  /**
   * Another configuration: what was counted and learnt goes on, and so do requests that run or wait. Throws where the
   * scheduler cannot be made, and then nothing has changed.
   */
  reload(config: Config): Promise<void>
  /** What administrators change. */
  desk: Desk
  /** Counters of all that serve as one page. */
  text(each: Iterable<Counts>, workers: number): Promise<string>
  close(): void
}

export async function createOwner(config: Config, options: OwnerOptions): Promise<Owner> {
  const { level, write, store, data, database, environment = () => process.env, clock = realClock } = options
  let secrets = secretNames(config)
  let replace = createRedactor(secrets)
  const redact: Redact = (text) => replace(text)
  const log = createLog({ level, redact, write })
  const faults = createUpstreamFaults()
  const told = { complain: (message: string): void => log.warn(message), faulted: faults.note }
  /** Budgets in dollars need the price of what has none in the file. */
  async function specOf(written: Config): Promise<SchedulerSpec> {
    const of = desk.amend(written)
    const spec = await schedulerSpec(of, told)
    if (!hasBudget(of)) return spec
    const prices = createPriceBook({ providers: of.providers, pools: of.models, wall: clock.wall })
    await prices.ready()
    const priceOf = (provider: string, model: string): Price | undefined =>
      prices.find(undefined, provider, model)?.price
    return { ...spec, options: { ...spec.options, priceOf } }
  }
  let served = config
  // others may change something before there is a scheduler
  const started = Promise.withResolvers<void>()
  let turn: Promise<unknown> = started.promise
  const desk = openDesk({
    data,
    database,
    records: database?.records ?? (data === undefined ? undefined : createRecordReader(data)),
    config: () => served,
    wall: clock.wall,
    scheduler: () => scheduler,
    env: environment,
    respec: () => inTurn(async () => takeOver(await specOf(served))),
    log,
  })
  let current = createScheduler(await specOf(config), clock)
  started.resolve()
  database?.onState((why) => {
    const { where } = database
    if (why === undefined) log.info({ database: where }, 'the database answers again')
    else log.warn({ database: where, why }, AWAY)
  })
  const scheduler = followScheduler(() => replicated?.scheduler ?? current)
  let models = modelNames(config)
  const replicated = config.state && (await joinReplicas(config.state))
  const memory: Memory = {
    restore: (snapshot) => current.restore(snapshot),
    snapshot: () => current.snapshot(),
    changes: () => current.changes(),
  }
  const stopJournal =
    store &&
    keepJournal(
      memory,
      store,
      clock,
      (err) => log.error({ err }, UNKEPT),
      () => log.warn('what the scheduler counts is written again'),
    )
  // where replicas share a state, that counts
  const usage = replicated
    ? undefined
    : await database?.shareUsage({
        scheduler: () => current,
        usage: createClientUsage(),
        clock,
        failed: (cause) => log.error({ why: database.plainly(cause) }, UNSHARED),
      })

  /** One after another: each is made of what the one before has left. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  function takeOver(spec: SchedulerSpec): void {
    const successor = createScheduler(spec, clock)
    usage?.note()
    current.handOver(successor)
    // the journal asks it for changes next, and the first to ask is told everything
    current = successor
  }

  return {
    scheduler: () => scheduler,
    log,
    redact,
    desk,
    reload: (next) =>
      inTurn(async () => {
        const spec = await specOf(next)
        const later = secretNames(next)
        takeOver(spec)
        // requests that still run use those of before
        replace = createRedactor(new Map([...secrets, ...later]))
        secrets = later
        served = next
        models = modelNames(next)
      }),
    text(each, workers) {
      const sum = emptyCounts()
      for (const counts of each) addCounts(sum, counts)
      return metricsText(sum, {
        report: scheduler.report(),
        faults: faults.counts(),
        models,
        workers,
        version: packageVersion(),
        wall: clock.wall(),
        process: processFacts(),
      })
    },
    close() {
      current.close()
      void replicated?.close()
      stopJournal?.()
      void usage?.close()
      desk.close()
    },
  }

  /** The client of the server is loaded only where there is one. */
  async function joinReplicas(state: StateConfig): Promise<Replicated> {
    const { connectReplicas } = await import('../replicas/connect.ts')
    return connectReplicas(state, () => current, clock, log)
  }
}

function hasBudget({ providers, models, scheduler }: Config): boolean {
  const limits = [
    ...providers.flatMap(({ limits, keys, models: known }) => [
      limits,
      ...keys.map((key) => key.limits),
      ...Object.values(known).map((info) => info.limits),
    ]),
    ...models.flatMap((pool) => [pool.limits, ...pool.routes.map((route) => route.limits)]),
    ...Object.values(scheduler.clients ?? {}).map((client) => client.limits),
  ]
  return limits.some((each) => each?.some(({ metric }) => metric === 'usd'))
}

function modelNames(config: Config): ReadonlySet<string> {
  return new Set(listModels(config).map(({ id }) => id))
}

function processFacts() {
  const { user, system } = process.cpuUsage()
  return {
    cpu: (user + system) / 1e6,
    memory: process.memoryUsage.rss(),
    started: performance.timeOrigin / 1000,
  }
}

const AWAY = 'the database does not answer: keys go on as they are known here, and none can be changed until it answers'
const UNSHARED =
  'what clients use cannot be counted together with other replicas: each counts for itself until it can, and then all is added up'
const UNKEPT = 'what the scheduler counted could not be written; it is tried again'
