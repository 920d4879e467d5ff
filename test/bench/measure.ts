/** Rounds of the same work, turn and turn about, and what they say when put together. */
import { load } from './load.ts'
import { isStream, targetOf } from './phases.ts'
import type { Phase } from './phases.ts'
import type { Measured } from './process.ts'

export interface Candidate {
  process: Measured
  /** Does it pass the vendor's bytes as they are? */
  bare: boolean
  /** The phases that it can take part in; all when absent. */
  fits?: (phase: Phase) => boolean
  /** How it wants the model named; `provider/model` when absent. */
  model?: (phase: Pick<Phase, 'model'>) => string
  headers?: Record<string, string>
}

export interface Result {
  phase: Phase
  /** One for each candidate, in their order; medians over the rounds. */
  rows: {
    name: string
    /** CPU microseconds for one request or one chunk. */
    cpu: number
    /** Units a second; set by the pace where the phase is paced. */
    rate: number
    /** Median of the rounds' own ratios to the first candidate. */
    cpuRatio: number
    /** Of the best rounds, where whatever else the machine did disturbed least. */
    bestRatio: number
    rateRatio: number
  }[]
}

/** Milliseconds that a round should take. */
const ROUND = 500
/** Milliseconds; some ten thousand requests, until the engine compiles no more. */
const WARM_UP = 1500
/** Requests or chunks, on a machine that is too busy for as many in that time; milliseconds for these. */
const ENOUGH = 8000
const LONGEST = 8000

/** Throws Error when an answer was not a whole 200. */
export async function measure(phase: Phase, candidates: Candidate[], rounds: number): Promise<Result> {
  const total = phase.paced ? await warmUp(phase, candidates) : await calibrate(phase, candidates)
  const taken = candidates.map((): { cpu: number; rate: number }[] => [])
  for (let round = 0; round < rounds; round++) {
    // Who begins changes, so that what one leaves behind does not always meet the same other.
    const order = [...candidates.keys()]
    for (const index of round % 2 === 0 ? order : order.toReversed()) {
      const candidate = candidates[index]
      if (candidate) taken[index]?.push(await oneRound(phase, candidate, total))
    }
  }
  const first = taken[0] ?? []
  const ratio = (of: 'cpu' | 'rate', own: { cpu: number; rate: number }[]): number =>
    median(own.map((one, round) => one[of] / (first[round]?.[of] ?? Number.NaN)))
  const best = (own: { cpu: number }[]): number => Math.min(...own.map(({ cpu }) => cpu))
  return {
    phase,
    rows: candidates.map(({ process }, index) => {
      const own = taken[index] ?? []
      const cpu = median(own.map((one) => one.cpu))
      const rate = median(own.map((one) => one.rate))
      return {
        name: process.name,
        cpu,
        rate,
        cpuRatio: ratio('cpu', own),
        bestRatio: best(own) / best(first),
        rateRatio: ratio('rate', own),
      }
    }),
  }
}

async function oneRound(phase: Phase, candidate: Candidate, total: number): Promise<{ cpu: number; rate: number }> {
  const before = await candidate.process.cost()
  const { elapsed, failed } = await load(targetOf(phase, candidate.process.port, candidate), total, phase.connections)
  const after = await candidate.process.cost()
  if (failed > 0) throw new Error(`${candidate.process.name} failed ${failed} of ${total} in ${phase.name}`)
  const units = total * phase.chunks
  return { cpu: (after.cpu - before.cpu) / units, rate: (units * 1000) / elapsed }
}

/** One round that does not count: what is compiled in it would be charged to whoever comes first. */
async function warmUp(phase: Phase, candidates: Candidate[]): Promise<number> {
  for (const candidate of candidates) await oneRound(phase, candidate, phase.connections)
  return phase.connections
}

/** Warms every candidate up, and finds how many requests the slowest answers in one round. */
async function calibrate(phase: Phase, candidates: Candidate[]): Promise<number> {
  let fewest = Number.POSITIVE_INFINITY
  for (const candidate of candidates) {
    const target = targetOf(phase, candidate.process.port, candidate)
    let total = phase.connections
    const begun = performance.now()
    let rate = 0
    let sent = 0
    while (performance.now() - begun < WARM_UP || (sent < ENOUGH && performance.now() - begun < LONGEST)) {
      sent += total * phase.chunks
      const { elapsed } = await load(target, total, phase.connections)
      rate = total / elapsed
      total *= 2
    }
    fewest = Math.min(fewest, Math.max(phase.connections, Math.round(rate * ROUND)))
  }
  return fewest
}

/** Throws Error unless the candidate gives a whole and sensible answer: nothing is worth measuring that is wrong. */
export async function verify(phase: Phase, candidate: Candidate): Promise<void> {
  const { process, bare } = candidate
  const { path, body } = targetOf(phase, process.port, candidate)
  const headers = { 'content-type': 'application/json', authorization: 'Bearer bench', ...candidate.headers }
  const response = await fetch(`http://127.0.0.1:${process.port}${path}`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  })
  const text = await response.text()
  const pieces = text.split('\n').filter((line) => /^data: .*"(?:content|text)":/.test(line)).length
  const whole = isStream(phase)
    ? pieces >= phase.chunks && (bare || text.includes('data: [DONE]'))
    : text.includes('lorem ipsum')
  if (response.status === 200 && whole) return
  throw new Error(
    `${process.name} answered ${phase.name} with ${response.status} and ${pieces} pieces: ${text.slice(0, 500)}`,
  )
}

export function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}
