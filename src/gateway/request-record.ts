/** What became of one request, for the log and the counters: told once, when its answer has ended, however it ended. */
import type { Trace } from '../runtime/trace-context.ts'
import type { LoggedRequest } from './logged-request.ts'

export interface RequestRecord extends LoggedRequest {
  /** What was asked, as traces name it: `chat` when absent. */
  operation?: string
  /** Where traces are kept. */
  trace?: Trace
}
