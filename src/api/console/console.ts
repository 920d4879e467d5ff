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
}

export function registerConsole(app: FastifyInstance, { scheduler, records, convert, configFile }: ConsoleParts): void {
  registerLiveFeed(app, scheduler)
  registerTraffic(app, () => openRecords(records))
  registerConvert(app, convert)
  registerConfigFile(app, configFile)
}
