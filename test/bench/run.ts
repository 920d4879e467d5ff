/** All that one run of the benchmark has measured. */
import type { Result } from './measure.ts'
import type { IdleStreams, PastRequests } from './memory.ts'
import type { StartUp } from './start-up.ts'
import type { StreamsResult } from './streams.ts'

export interface Run {
  machine: string
  rounds: number
  pinned: boolean
  results: Result[]
  open: StreamsResult[]
  /** What a reader should know of a candidate. */
  notes: string[]
  idle?: IdleStreams[]
  past?: PastRequests
  keyPools?: Result
  /** With nothing told of requests, and with all. */
  observation?: Result
  startUp?: StartUp
}
