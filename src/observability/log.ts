/** One JSON line an event, through pino, with every known secret replaced before it is written. */
import pino from 'pino'
import { KINDS } from '../chat/error.ts'
import type { RequestRecord } from '../gateway/record.ts'
import type { Redact } from './redact.ts'

export type Log = pino.Logger

export interface LogOptions {
  level: string
  redact: Redact
  /** Where lines go; standard output when absent. */
  write?: (line: string) => void
}

export function createLog(options: LogOptions): Log {
  const write = options.write ?? standardOutput()
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => write(options.redact(line)) },
  )
}

/** Milliseconds that a line may wait for others: a write of its own costs more CPU than the request that it tells of. */
const TOGETHER = 20
/** Characters that are written at once, however soon they came together. */
const ENOUGH = 64 * 1024

/** Lines to standard output, many in one write; none is lost at the end of the process. */
function standardOutput(): (line: string) => void {
  const destination = pino.destination({ fd: 1, sync: false, minLength: ENOUGH, maxWrite: 4 * ENOUGH })
  let pending = false
  const flush = (): void => {
    pending = false
    destination.flush()
  }
  process.once('exit', () => destination.flushSync())
  return (line) => {
    destination.write(line)
    if (pending) return
    pending = true
    setTimeout(flush, TOGETHER).unref()
  }
}

/** One line a request: what was asked, who answered, how long it took. A fault of the upstream or of ours is a warning. */
export function logRecord(log: Log, record: RequestRecord): void {
  const quiet = record.outcome === 'ok' || record.outcome === 'cancelled' || KINDS[record.outcome].retry === 'never'
  if (quiet) log.info(record, 'chat')
  else log.warn(record, 'chat')
}
