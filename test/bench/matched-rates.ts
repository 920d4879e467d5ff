/** The same requests a second for everybody: what they cost is compared at one rate only. */
import type { Candidate } from './measure.ts'
import { kept, pacedLoad } from './paced-load.ts'
import type { PacedResult } from './paced-load.ts'
import { targetOf } from './phases.ts'
import type { Phase } from './phases.ts'
import { takeTurns } from './rounds.ts'
import type { Turn } from './rounds.ts'

/** Milliseconds of a turn, and of one that only asks whether a candidate carries the rate. */
const TURN = 600
const TRIAL = 400
/** A machine that does other work at the same time delays one turn, not several. */
const TRIES = 3

export interface Group {
  /** Requests a second. */
  rate: number
  candidates: Candidate[]
}

/** Of its limit, what a candidate can be offered: at more, a short delay leaves it with more than it makes up for. */
const SHARE = 0.8

/**
 * Who is offered what: the first group has the highest rate that the references carry, and everybody who carries it too. Whoever is
 * slower has a group with others as slow, and the references beside them; whoever is too slow for all of them has none.
 *
 * @param limitOf requests a second that a candidate answered when it was given as many as it took
 */
export async function groupByRate(
  phase: Phase,
  rates: readonly number[],
  candidates: Candidate[],
  limitOf: (candidate: Candidate) => number,
): Promise<Group[]> {
  const carried = new Map<Candidate, number>()
  for (const candidate of candidates) {
    const within = rates.filter((rate, index) => rate <= SHARE * limitOf(candidate) || index === rates.length - 1)
    carried.set(candidate, await highest(phase, within, candidate))
  }
  const references = candidates.filter(({ reference }) => reference)
  const top = Math.min(...references.map((one) => carried.get(one) ?? 0))
  const groups = new Map<number, Candidate[]>([[top, [...references]]])
  for (const candidate of candidates) {
    if (candidate.reference) continue
    const rate = Math.min(top, carried.get(candidate) ?? 0)
    if (rate === 0) continue
    const group = groups.get(rate) ?? [...references]
    group.push(candidate)
    groups.set(rate, group)
  }
  return [...groups].map(([rate, group]) => ({ rate, candidates: group })).toSorted((a, b) => b.rate - a.rate)
}

/** 0 when not even the lowest rate is carried. Throws Error when a reference is that slow. */
async function highest(phase: Phase, rates: readonly number[], candidate: Candidate): Promise<number> {
  for (const rate of rates) {
    for (let left = 2; left > 0; left--) if (kept((await offer(phase, candidate, rate, TRIAL)).result)) return rate
  }
  const problem = `${candidate.process.name} carries no rate that ${phase.name} is measured at`
  if (candidate.reference) throw new Error(problem)
  console.log(`left out: ${problem}`)
  return 0
}

/** Not even the third time could all be sent in time. */
class RateMissed extends Error {}

/** Throws RateMissed, and Error when a request failed. */
async function turnAt(rate: number, phase: Phase, candidate: Candidate): Promise<Turn> {
  for (let left = TRIES; left > 0; left--) {
    const { result, cpu } = await offer(phase, candidate, rate, TURN)
    if (kept(result)) return { cpu: cpu / result.answered, rate: (result.answered * 1000) / result.elapsed }
    if (result.failed > 0) throw new Error(`${candidate.process.name} failed ${result.failed} in ${phase.name}`)
  }
  throw new RateMissed(`${candidate.process.name} was not offered ${rate} requests a second of ${phase.name}`)
}

/** At the group's rate, or at the first below it that a machine with other work leaves room for; the same for all of them. */
export async function takeTurnsAt(
  phase: Phase,
  rates: readonly number[],
  { rate: most, candidates }: Group,
  rounds: number,
): Promise<{ rate: number; turns: Turn[][] }> {
  const [rate = most, ...lower] = rates.filter((one) => one <= most)
  try {
    return { rate, turns: await takeTurns(candidates, rounds, (one) => turnAt(rate, phase, one)) }
  } catch (error) {
    const [next] = lower
    if (next === undefined || !(error instanceof RateMissed)) throw error
    return takeTurnsAt(phase, lower, { rate: next, candidates }, rounds)
  }
}

async function offer(
  phase: Phase,
  candidate: Candidate,
  rate: number,
  duration: number,
): Promise<{ result: PacedResult; cpu: number }> {
  const before = await candidate.process.cost()
  const result = await pacedLoad(targetOf(phase, candidate.process.port, candidate), rate, duration)
  const after = await candidate.process.cost()
  return { result, cpu: after.cpu - before.cpu }
}
