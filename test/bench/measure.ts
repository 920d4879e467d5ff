/** Rounds of the same work, turn and turn about, for everybody who takes part in a phase. */
import { groupByRate, takeTurnsAt } from './matched-rates.ts'
import type { Phase } from './phases.ts'
import type { Measured } from './process.ts'
import { bestRatioOf, medianOf, ratioOf, takeTurns } from './rounds.ts'
import type { Turn } from './rounds.ts'
import { saturate, warmUp } from './saturate.ts'

export interface Candidate {
  process: Measured
  /** Does it pass the vendor's bytes as they are? */
  bare: boolean
  /** Is it measured at every rate, so that slower ones are compared with it at theirs? */
  reference?: boolean
  /** The phases that it can take part in; all when absent. */
  fits?: (phase: Pick<Phase, 'provider' | 'unit'>) => boolean
  /** How it wants the model named; `provider/model` when absent. */
  model?: (phase: Pick<Phase, 'provider' | 'model'>) => string
  /** Of which providers it ends the streams without `[DONE]`. */
  endsSilently?: readonly Phase['provider'][]
  headers?: (phase: Pick<Phase, 'provider'>) => Record<string, string>
  /** What a reader of its figures should know. */
  note?: string
}

export interface Row {
  name: string
  turns: Turn[]
  /** CPU microseconds for one request or one chunk; the median of the rounds. */
  cpu: number
  /** Units a second; set by the pace or by the offered rate where there is one. */
  rate: number
  /** Median of the rounds' own ratios to the first candidate, and the ratio of the best rounds. */
  cpuRatio: number
  bestRatio: number
  /** Where the rate was offered: at the candidate's own limit. */
  saturated?: { cpu: number; rate: number }
}

export interface Result {
  phase: Phase
  /** Requests a second that each was offered; absent where each took as much as it could, or the stream's pace decided. */
  offered?: number
  /** One for each candidate, in their order. */
  rows: Row[]
}

/** Rounds of a paced phase that warm up: some thirty thousand chunks. */
const UNCOUNTED = 3

/** One result, or one for each rate. Throws Error when an answer was not a whole 200. */
export async function measure(phase: Phase, candidates: Candidate[], rounds: number): Promise<Result[]> {
  if (phase.paced) {
    // The first rounds do not count: what is compiled in them would be charged to whoever has more to compile.
    for (let round = 0; round < UNCOUNTED; round++) {
      for (const candidate of candidates) await saturate(phase, candidate, phase.connections)
    }
    const turns = await takeTurns(candidates, rounds, (one) => saturate(phase, one, phase.connections))
    return [{ phase, rows: rowsOf(candidates, turns) }]
  }
  const requests = new Map<Candidate, number>()
  for (const candidate of candidates) requests.set(candidate, await warmUp(phase, candidate))
  if (!phase.rates) {
    // As many for all: a stream's end and a new one's start belong to the cost.
    const fewest = Math.min(...requests.values())
    return [
      { phase, rows: rowsOf(candidates, await takeTurns(candidates, rounds, (one) => saturate(phase, one, fewest))) },
    ]
  }
  const taken = await takeTurns(candidates, Math.min(rounds, 3), (one) =>
    saturate(phase, one, requests.get(one) ?? phase.connections),
  )
  const atLimit = new Map(candidates.map((one, index) => [one, taken[index] ?? []]))
  const limitOf = (one: Candidate): number => medianOf(atLimit.get(one) ?? [], 'rate')
  const groups = await groupByRate(phase, phase.rates, candidates, limitOf)
  const results: Result[] = []
  for (const each of groups) {
    const { candidates: group } = each
    const { rate, turns } = await takeTurnsAt(phase, phase.rates, each, rounds)
    const rows = rowsOf(group, turns)
    for (const [index, one] of group.entries()) {
      const row = rows[index]
      if (row) row.saturated = { cpu: medianOf(atLimit.get(one) ?? [], 'cpu'), rate: limitOf(one) }
    }
    results.push({ phase, offered: rate, rows })
  }
  return results
}

function rowsOf(candidates: Candidate[], taken: Turn[][]): Row[] {
  const first = taken[0] ?? []
  return candidates.map(({ process }, index) => {
    const turns = taken[index] ?? []
    return {
      name: process.name,
      turns,
      cpu: medianOf(turns, 'cpu'),
      rate: medianOf(turns, 'rate'),
      cpuRatio: ratioOf(turns, first),
      bestRatio: bestRatioOf(turns, first),
    }
  })
}
