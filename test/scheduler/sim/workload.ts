/** The arrivals of the scenarios: Poisson streams with token counts of real traces, or the traces' own arrivals. */
import { existsSync, readFileSync } from 'node:fs'
import type { Chance } from '../../../src/scheduler/simulator/chance.ts'
import { exponential, seededChance } from '../../../src/scheduler/simulator/chance.ts'
import type { SimulatedRequest } from '../../../src/scheduler/simulator/simulation.ts'
import type { TraceRow } from '../../../src/scheduler/simulator/trace.ts'
import { readTrace } from '../../../src/scheduler/simulator/trace.ts'

/** End-to-end deadline and longest wait in a gateway's queue, milliseconds. */
export const DEADLINE = 60_000
export const PATIENCE = 50_000

export type TraceName = 'code' | 'conv'

const FOLDER = new URL('../../../../shared/scheduler/traces/', import.meta.url)
const read = new Map<TraceName, TraceRow[]>()

/** Are the recorded traces on this machine? Without them the scenarios have no token counts. */
export const hasTraces = existsSync(new URL('azure_code.csv', FOLDER))

export function trace(name: TraceName): TraceRow[] {
  let rows = read.get(name)
  if (rows === undefined) {
    rows = readTrace(readFileSync(new URL(`azure_${name}.csv`, FOLDER), 'utf8'))
    read.set(name, rows)
  }
  return rows
}

export interface PoissonOptions {
  /** Arrivals a second. */
  rate: number
  seconds: number
  seed: number
  tokens?: TraceName
  /** Share of each client. */
  clients?: readonly number[]
  largestInput?: number
  /** Factor on the rate at a time in seconds. */
  burst?: (seconds: number) => number
}

const FIVE_EQUAL = [0.2, 0.2, 0.2, 0.2, 0.2]

export function poisson(options: PoissonOptions): SimulatedRequest[] {
  const { rate, seconds, seed, tokens = 'conv', clients = FIVE_EQUAL, largestInput = Infinity, burst } = options
  const chance = seededChance(seed)
  const source = trace(tokens)
  const requests: SimulatedRequest[] = []
  for (let now = 0; ;) {
    now += exponential(chance.random, burst === undefined ? rate : rate * burst(now))
    if (now > seconds) return requests
    const row = source[chance.below(source.length)]
    if (row === undefined) throw new Error('The trace is empty.')
    const input = Math.min(row.input_tokens, largestInput)
    requests.push(request(requests.length, now, input, row.output_tokens, chance, clients))
  }
}

/** The trace's own arrivals, again and again, its time scaled so that the mean rate is `rate` a second. */
export function replay(name: TraceName, rate: number, seconds: number, seed: number): SimulatedRequest[] {
  const chance = seededChance(seed)
  const source = trace(name)
  const length = source.at(-1)?.t_s ?? 0
  const scale = source.length / length / rate
  const requests: SimulatedRequest[] = []
  for (let offset = 0; ; offset += length) {
    for (const row of source) {
      const now = (row.t_s + offset) * scale
      if (now > seconds) return requests
      requests.push(request(requests.length, now, row.input_tokens, row.output_tokens, chance, FIVE_EQUAL))
    }
  }
}

function request(
  id: number,
  seconds: number,
  input: number,
  output: number,
  chance: Chance,
  clients: readonly number[],
): SimulatedRequest {
  const at = seconds * 1000
  const maxOutput = roundMaximum(output, chance)
  const client = `client ${weighted(clients, chance)}`
  return {
    id,
    at,
    input,
    output,
    maxOutput,
    statesMaximum: true,
    client,
    deadline: at + DEADLINE,
    clientRetries: 0,
    over: false,
    good: false,
  }
}

/** Clients ask for a power of two that holds their answer, half of them for twice that. */
function roundMaximum(output: number, chance: Chance): number {
  let maximum = 256
  while (maximum < output) maximum *= 2
  return maximum * (chance.random() < 0.5 ? 2 : 1)
}

function weighted(weights: readonly number[], chance: Chance): number {
  const sums: number[] = []
  for (const weight of weights) sums.push((sums.at(-1) ?? 0) + weight)
  const drawn = chance.random() * (sums.at(-1) ?? 0)
  return Math.max(
    0,
    sums.findIndex((sum, index) => index === sums.length - 1 || drawn < sum),
  )
}
