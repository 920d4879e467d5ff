/** What the configuration that is served would do with traffic of before: reckoned in a thread, one at a time, bounded. */
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { GatewayError, type ErrorKind } from '../../chat/error.ts'
import type { Planner, PlanQuestion } from '../../api/console/plan.ts'
import { noRequestLog } from '../../api/routes/records.ts'
import type { PlanAnswer } from '../../api/console/page-answers.ts'
import type { Config } from '../../config/config.ts'
import type { DatabaseAddress } from '../../store/postgres/connections.ts'
import type { SchedulerSpec } from '../../scheduler/scheduler.ts'
import { isSandbox } from '../sandbox-fallback.ts'
import { schedulerSpec } from '../scheduler-spec.ts'
import { plainSpec } from './plain-spec.ts'

export interface ThreadData {
  traffic: Traffic
  spec: SchedulerSpec
  model: string
  target: number
  speed: number
  /** Requests at most. */
  most: number
}

/** Where the log of requests is; the database goes first. Both absent: there is none. */
export interface LogPlace {
  folder?: string | undefined
  database?: DatabaseAddress | undefined
}

export type Traffic =
  | { from: 'file'; text: string }
  /** @property since milliseconds since the epoch */
  | { from: 'log'; place: LogPlace; since: number; aliases: Config['aliases'] }

export type ThreadMessage =
  | { runs: number; requests: number }
  | { report: Omit<PlanAnswer, 'embedded'> }
  | { fault: { kind: ErrorKind; message: string; param: string | null; code: string | null } }

export interface PlannerBounds {
  /** Requests of one plan. */
  requests: number
  /** Milliseconds. */
  time: number
}

const BOUNDS: PlannerBounds = { requests: 20_000, time: 120_000 }
/** Megabytes of the thread's heap. */
const HEAP = 512

const THREAD = new URL(`plan-thread${extname(import.meta.url)}`, import.meta.url)

export function createPlanner(
  config: Pick<Config, 'providers' | 'models' | 'aliases' | 'scheduler' | 'server'>,
  place: LogPlace,
  wall: () => number,
  bounds: PlannerBounds = BOUNDS,
): Planner {
  let isBusy = false

  function trafficOf({ trace, hours }: PlanQuestion): Traffic {
    if (trace !== undefined) return { from: 'file', text: trace }
    if ((place.folder ?? place.database) === undefined || config.server.request_log === false) throw noRequestLog()
    return { from: 'log', place, since: wall() - hours * 3_600_000, aliases: config.aliases }
  }

  async function reckon(
    question: PlanQuestion,
    tell: Parameters<Planner>[1],
    signal: AbortSignal,
  ): Promise<PlanAnswer> {
    const traffic = trafficOf(question)
    const spec = plainSpec(await schedulerSpec(config as Config))
    const { model, target, speed } = question
    const workerData: ThreadData = { traffic, spec, model, target, speed, most: bounds.requests }
    signal.throwIfAborted()
    const thread = new Worker(THREAD, { workerData, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP } })
    const done = Promise.withResolvers<PlanAnswer>()
    const timer = setTimeout(() => {
      const message = `The plan takes longer than ${bounds.time / 1000} seconds here: plan for fewer requests, or use \`balanced-call plan\`.`
      done.reject(new GatewayError('timeout', message, { code: 'plan_too_long' }))
    }, bounds.time)
    const leave = (): void => done.reject(new GatewayError('cancelled', 'The plan was given up.'))
    signal.addEventListener('abort', leave)
    thread.on('message', (message: ThreadMessage) => {
      if ('runs' in message) return tell(message)
      if ('report' in message) return done.resolve({ ...message.report, embedded: config.providers.every(isSandbox) })
      const { kind, message: text, param, code } = message.fault
      done.reject(new GatewayError(kind, text, { param, code }))
    })
    thread.on('error', (cause) => done.reject(new GatewayError('internal', 'The plan failed.', { cause })))
    thread.on('exit', () => done.reject(new GatewayError('internal', 'The thread of the plan ended.')))
    try {
      return await done.promise
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      await thread.terminate()
    }
  }

  return async (question, tell, signal) => {
    if (isBusy)
      throw new GatewayError('conflict', 'Another plan is being reckoned: wait until it is there.', {
        code: 'plan_running',
      })
    isBusy = true
    try {
      return await reckon(question, tell, signal)
    } finally {
      isBusy = false
    }
  }
}
