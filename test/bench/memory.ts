/** What stays in memory: of one stream that waits for its next chunk, and of requests that are over. */
import { load, openStreams } from './load.ts'
import type { Candidate } from './measure.ts'
import { HELD, PHASES, targetOf } from './phases.ts'
import type { Measured } from './process.ts'

export interface IdleStreams {
  name: string
  /** Bytes that each further stream adds: resident, and in what the engine counts (heap and buffers). */
  resident: number
  counted: number
}

/** The second thousand: what the first one made once for all is no stream's own. */
const STREAMS = 1000

interface Memory {
  rss: number
  counted: number
}

/** After a full collection; bytes. */
async function memoryOf(process: Measured): Promise<Memory> {
  const { rss, heapUsed, external } = Object(await process.ask('memory')).memory as NodeJS.MemoryUsage
  return { rss, counted: heapUsed + external }
}

/** Of a process that has done nothing else yet. */
export async function weighIdleStreams(candidate: Candidate): Promise<IdleStreams> {
  const target = targetOf(HELD, candidate.process.port, candidate)
  const first = await openStreams(target, STREAMS)
  const before = await memoryOf(candidate.process)
  const second = await openStreams(target, STREAMS)
  const after = await memoryOf(candidate.process)
  for (const socket of [...first, ...second]) socket.destroy()
  return {
    name: candidate.process.name,
    resident: (after.rss - before.rss) / STREAMS,
    counted: (after.counted - before.counted) / STREAMS,
  }
}

export interface PastRequests {
  requests: number
  /** Heap and buffers in bytes before these requests, others having warmed it up, and after them. */
  before: number
  after: number
}

const WARM_UP = 20_000

export async function weighPastRequests(candidate: Candidate, requests: number): Promise<PastRequests> {
  const phase = PHASES[0]
  if (!phase) throw new Error('there is no phase to send requests of')
  const target = targetOf(phase, candidate.process.port, candidate)
  await load(target, WARM_UP, phase.connections)
  const before = await memoryOf(candidate.process)
  await load(target, requests, phase.connections)
  const after = await memoryOf(candidate.process)
  return { requests, before: before.counted, after: after.counted }
}
