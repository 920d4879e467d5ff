/** What many open streams weigh, and whether clients who leave take their upstream requests along. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openStreams } from './load.ts'
import type { Candidate } from './measure.ts'
import { HELD, targetOf } from './phases.ts'
import type { Measured } from './process.ts'

export interface StreamsResult {
  name: string
  /** Bytes, resident, with all streams open. */
  rss: number
  /** How many of the streams that clients left were aborted upstream within a second. */
  aborted: number
  streams: number
}

export async function holdStreams(candidate: Candidate, upstream: Measured, streams: number): Promise<StreamsResult> {
  const before = await abortedAt(upstream)
  const sockets = await openStreams(targetOf(HELD, candidate.process.port, candidate), streams)
  const { rss } = await candidate.process.cost()
  for (const socket of sockets) socket.destroy()
  const deadline = performance.now() + 1000
  let aborted = 0
  do {
    await sleep(20)
    aborted = (await abortedAt(upstream)) - before
  } while (aborted < streams && performance.now() < deadline)
  return { name: candidate.process.name, rss, aborted, streams }
}

async function abortedAt(upstream: Measured): Promise<number> {
  return Number(Object(Object(await upstream.ask('counts')).counts).aborted)
}
