/** What the page at /ui asks for beside the other administrators' pages. */
import type { FastifyInstance } from 'fastify'
import { registerConfigFile, type ConfigDesk } from './config-file.ts'
import { registerConvert, type Convert } from './convert.ts'
import { registerLiveFeed, type LiveParts } from './live-feed.ts'
import { registerTraffic } from './traffic.ts'
import { openRecords, type RecordReader } from '../routes/records.ts'

export interface ConsoleParts {
  scheduler: LiveParts
  /** Absent where no requests are kept. */
  records: RecordReader | undefined
  convert: Convert
  configFile: ConfigDesk
  /** Takes secrets out. */
  redact: (text: string) => string
}

export function registerConsole(app: FastifyInstance, parts: ConsoleParts): void {
  const { scheduler, records, convert, configFile, redact } = parts
  registerLiveFeed(app, scheduler, redact)
  registerTraffic(app, () => openRecords(records))
  registerConvert(app, convert)
  registerConfigFile(app, configFile)
}
