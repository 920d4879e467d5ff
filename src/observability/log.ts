/** One JSON line an event, through pino, with every known secret replaced before it is written. */
import pino from 'pino'
import { KINDS } from '../chat/error.ts'
import type { RequestRecord } from '../gateway/record.ts'
import { createLineWriter, type LineWriter } from './line-writer.ts'
import type { Redact } from './redact.ts'

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
  /** Milliseconds since the epoch, of a line that is written later than what it tells. */
  let then: number | undefined
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: () => `,"time":"${new Date(then ?? Date.now()).toISOString()}"`,
    formatters: { level: (level) => ({ level }) },
  }
  const log = pino(options, { write: (line: string) => writer.write(redact(line)) })
  let line = ''
  const later = pino({ ...options, level: 'info' }, { write: (made: string) => void (line = made) })

  function lineOf(record: RequestRecord, isQuiet: boolean, time: number): string {
    then = time
    if (isQuiet) later.info(record, 'chat')
    else later.warn(record, 'chat')
    then = undefined
    return redact(line)
  }

  return Object.assign(log, {
    record(record: RequestRecord): void {
      const { outcome } = record
      const isQuiet = outcome === 'ok' || outcome === 'cancelled' || KINDS[outcome].retry === 'never'
      if (!log.isLevelEnabled(isQuiet ? 'info' : 'warn')) return
      const time = Date.now()
      writer.defer(() => lineOf(record, isQuiet, time))
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
