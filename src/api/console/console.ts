/** What the page at /ui asks for beside the other administrators' pages. */
import type { FastifyInstance } from 'fastify'
import { registerConfigFile, type ConfigDesk } from './config-file.ts'
import { registerConvert, type Convert } from './convert.ts'
import { registerLiveFeed, type LiveParts } from './live-feed.ts'
import { registerPlan, type Planner } from './plan.ts'
import { registerTraffic } from './traffic.ts'
import type { Running } from '../http/running-requests.ts'
import { openRecords, type RecordReader } from '../routes/records.ts'

export interface ConsoleParts {
  scheduler: LiveParts
  running: Pick<Running, 'watch'>
  /** Absent where no requests are kept. */
  records: RecordReader | undefined
  convert: Convert
  configFile: ConfigDesk
  plan: Planner
  /** Takes secrets out. */
  redact: (text: string) => string
}

export function registerConsole(app: FastifyInstance, parts: ConsoleParts): void {
  const { scheduler, running, records, convert, configFile, plan, redact } = parts
  registerLiveFeed(app, { scheduler, running, redact })
  registerTraffic(app, () => openRecords(records))
  registerConvert(app, convert)
  registerConfigFile(app, configFile)
  registerPlan(app, plan, redact)
}
