/** One JSON line an event, through pino, with every known secret replaced before it is written. */
import pino from 'pino'
import { KINDS } from '../chat/error.ts'
import type { RequestRecord } from '../gateway/record.ts'
import { createLineWriter } from './line-writer.ts'
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

function standardOutput(): (line: string) => void {
  const writer = createLineWriter(
    1,
    (lines) => `${JSON.stringify({ level: 'warn', msg: `${lines} lines were not read in time` })}\n`,
  )
  process.once('exit', writer.flush)
  return writer.write
}

/** One line a request: what was asked, who answered, how long it took. A fault of the upstream or of ours is a warning. */
export function logRecord(log: Log, record: RequestRecord): void {
  const quiet = record.outcome === 'ok' || record.outcome === 'cancelled' || KINDS[record.outcome].retry === 'never'
  if (quiet) log.info(record, 'chat')
  else log.warn(record, 'chat')
}
