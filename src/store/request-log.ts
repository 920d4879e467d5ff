/** Where requests are logged, whatever keeps them. */
import type { RequestRecord } from '../gateway/request-record.ts'

export interface RequestLog {
  /** Never waits, and never throws. */
  record(record: RequestRecord): void
  /** Writes what waits, and closes. */
  close(): void | Promise<void>
}
