/** One JSON line an event, through pino, with every known secret replaced before it is written. */
import pino from 'pino'
import { KINDS } from '../chat/error.ts'
import type { RequestRecord } from '../gateway/request-record.ts'
import { createLineWriter, type LineWriter } from './line-writer.ts'
import type { Redact } from './redact.ts'
import { requestLine } from './request-line.ts'

export interface Log extends pino.Logger {
  /** One line a request: what was asked, who answered, how long it took. A fault of the upstream or of ours is a warning. */
  record(record: RequestRecord): void
}

export interface LogOptions {
  level: string
  redact: Redact
  /** Where lines go; standard output when absent. */
  write?: (line: string) => void
}

export function createLog({ level, redact, write }: LogOptions): Log {
  const writer = write ? { write, defer: (make: () => string) => write(make()) } : standardOutput()
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
    },
    { write: (line: string) => writer.write(redact(line)) },
  )

  return Object.assign(log, {
    record(record: RequestRecord): void {
      const { outcome } = record
      const isQuiet = outcome === 'ok' || outcome === 'cancelled' || KINDS[outcome].retry === 'never'
      const level = isQuiet ? 'info' : 'warn'
      if (!log.isLevelEnabled(level)) return
      const time = Date.now()
      writer.defer(() => requestLine(level, time, record, redact))
    },
  })
}

let output: LineWriter | undefined

/** One for the process: two would cut each other's lines. */
function standardOutput(): LineWriter {
  if (output) return output
  output = createLineWriter(
    1,
    (lines) => `${JSON.stringify({ level: 'warn', msg: `${lines} lines were not read in time` })}\n`,
  )
  process.once('exit', output.flush)
  return output
}
