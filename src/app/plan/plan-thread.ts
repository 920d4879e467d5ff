/** The thread of one plan: a simulation of a day takes seconds, in which the process that serves must not stand still. */
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openRecords, type RecordReader } from '../../api/routes/records.ts'
import { GatewayError } from '../../chat/error.ts'
import { plan } from '../../scheduler/simulator/plan.ts'
import { readTimedTrace } from '../../scheduler/simulator/trace.ts'
import type { SchedulerSpec } from '../../scheduler/scheduler.ts'
import { createRecordReader } from '../../store/sqlite/request-reader.ts'
import { createModelNames } from '../model-names.ts'
import { loggedTrace } from './logged-trace.ts'
import { withStrategies } from './plain-spec.ts'
import type { LogPlace, ThreadData, ThreadMessage, Traffic } from './planner.ts'

/** As others that run at leisure. */
const NICE = 10

async function run({ traffic, spec, model, target, speed, most }: ThreadData): Promise<void> {
  stepBack()
  const { rows, start, ...told } = await traceOf(traffic, spec, model, most)
  if (rows.length > most) throw tooLong(rows.length, most)
  const config = await withStrategies(spec)
  const progress = (runs: number): void => say({ runs, requests: rows.length })
  const report = await plan({ rows, start, config, model, target, speed, progress })
  say({ report: { ...report, ...told } })
}

async function traceOf(traffic: Traffic, spec: SchedulerSpec, model: string, most: number) {
  if (traffic.from === 'file') {
    try {
      return readTimedTrace(traffic.text)
    } catch (cause) {
      throw new GatewayError('invalid_request', cause instanceof Error ? cause.message : String(cause), {
        param: 'trace',
        cause,
      })
    }
  }
  const { place, since, aliases } = traffic
  const names = createModelNames(
    { providers: spec.providers, aliases },
    spec.pools.map((pool) => pool.model),
  )
  const records = await openRecords(await recordsOf(place)).list({ since, limit: most })
  const { rows, start, supposed } = loggedTrace(records.filter((record) => names.meant(record.model) === model))
  if (rows.length === 0)
    throw new GatewayError('invalid_request', `The log has no request of ${model} in this time.`, {
      code: 'no_requests',
    })
  return { rows, start, supposed, ...(records.length === most && { newest: most }) }
}

function tooLong(rows: number, most: number): GatewayError {
  const message = `The trace has ${rows} requests, and ${most} at most are planned for here: cut it, or use \`balanced-call plan\`.`
  return new GatewayError('too_large', message, { param: 'trace' })
}

async function recordsOf({ folder = '', database }: LogPlace): Promise<RecordReader> {
  if (!database) return createRecordReader(folder)
  const { openSharedRequests } = await import('../../store/postgres/database.ts')
  return (await openSharedRequests(database)).records
}

/** Where threads have priorities of their own. */
function stepBack(): void {
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), NICE)
  } catch {
    // it is as quick as the others
  }
}

function say(message: ThreadMessage): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window is meant
  parentPort?.postMessage(message)
}

run(workerData as ThreadData).catch((cause: unknown) => {
  if (!(cause instanceof GatewayError)) throw cause
  const { kind, message, param, code } = cause
  say({ fault: { kind, message, param, code } })
})
