/** Work as fast as a candidate takes it: every socket sends its next request when its last is answered. */
import { load } from './load.ts'
import type { Candidate } from './measure.ts'
import { targetOf } from './phases.ts'
import type { Phase } from './phases.ts'
import type { Turn } from './rounds.ts'

/** Milliseconds that a turn should take. */
const TURN = 300
/** Milliseconds; some thirty thousand requests, until the engine compiles no more. */
const WARM_UP = 3000
/** Requests or chunks, on a machine that is too busy for as many in that time; milliseconds for these. */
const ENOUGH = 8000
const LONGEST = 6000

/** Throws Error when an answer was not a whole 200. */
export async function saturate(phase: Phase, candidate: Candidate, requests: number): Promise<Turn> {
  const before = await candidate.process.cost()
  const target = targetOf(phase, candidate.process.port, candidate)
  const { elapsed, failed } = await load(target, requests, phase.connections)
  const after = await candidate.process.cost()
  if (failed > 0) throw new Error(`${candidate.process.name} failed ${failed} of ${requests} in ${phase.name}`)
  const units = requests * phase.chunks
  return { cpu: (after.cpu - before.cpu) / units, rate: (units * 1000) / elapsed }
}

/** Warms a candidate up, and finds how many requests it answers in one turn. */
export async function warmUp(phase: Phase, candidate: Candidate): Promise<number> {
  const begun = performance.now()
  const spent = (): number => performance.now() - begun
  let requests = phase.connections
  let rate = 0
  let sent = 0
  while (spent() < WARM_UP || (sent < ENOUGH && spent() < LONGEST)) {
    sent += requests * phase.chunks
    rate = (await saturate(phase, candidate, requests)).rate / phase.chunks
    requests = Math.min(requests * 2, Math.max(phase.connections, Math.round((rate * WARM_UP) / 4000)))
  }
  return Math.max(phase.connections, Math.round((rate * TURN) / 1000))
}
