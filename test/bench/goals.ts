/** What the project asks of itself, and whether a run shows it. */
import type { Row } from './measure.ts'
import { ratioOf } from './rounds.ts'
import type { Run } from './run.ts'

export interface Goal {
  phase: string
  must: number
  aim?: number
  /** Is more better? */
  least?: true
  unit: string
  /** Undefined where the run did not measure it. */
  measured(run: Run): number | undefined
}

export type Verdict = 'aim met' | 'met' | 'missed' | 'not measured'

export function verdictOf({ must, aim, least }: Goal, measured: number | undefined): Verdict {
  if (measured === undefined || Number.isNaN(measured)) return 'not measured'
  const meets = (limit: number): boolean => (least ? measured >= limit : measured <= limit)
  if (aim !== undefined && meets(aim)) return 'aim met'
  return meets(must) ? 'met' : 'missed'
}

const GATEWAY = 'gateway'
const rowOf = (rows: readonly Row[] | undefined, name: string): Row | undefined =>
  rows?.find((row) => row.name === name || row.name.startsWith(`${name} `))

const times = (phase: string, must: number, aim: number): Goal => ({
  phase,
  must,
  aim,
  unit: '×',
  measured: ({ results }) => rowOf(results.find((one) => one.phase.name === phase)?.rows, GATEWAY)?.cpuRatio,
})

const portkey = (how: string, ratio: (theirs: Row, ours: Row) => number): Goal => ({
  phase: `Portkey’s CPU ÷ ours, JSON 1 kB, ${how}`,
  must: 6,
  aim: 8,
  least: true,
  unit: '×',
  measured: ({ results }) => {
    const rows = results.find((one) => one.phase.name === 'OpenAI JSON 1 kB' && rowOf(one.rows, 'Portkey'))?.rows
    const theirs = rowOf(rows, 'Portkey')
    const ours = rowOf(rows, GATEWAY)
    return theirs && ours && ratio(theirs, ours)
  },
})

export const GOALS: readonly Goal[] = [
  times('OpenAI JSON 1 kB', 2, 1.5),
  times('OpenAI JSON, 200 kB prompt', 3, 1.5),
  times('OpenAI stream, paced', 1.25, 1.1),
  times('OpenAI stream, max', 1.5, 1.2),
  times('Anthropic JSON 1 kB', 2.2, 1.6),
  times('Anthropic stream, paced', 1.35, 1.15),
  times('Anthropic stream, max', 1.7, 1.35),
  times('Gemini stream, paced', 1.35, 1.15),
  times('Gemini stream, max', 1.7, 1.35),
  times('Messages → Anthropic JSON 1 kB', 1.5, 1.3),
  times('Messages → Anthropic stream, paced', 1.15, 1.1),
  times('Responses → Responses JSON 1 kB', 1.5, 1.3),
  times('Responses → Responses stream, paced', 1.15, 1.1),
  times('Messages → OpenAI JSON 1 kB', 2.2, 1.6),
  times('Messages → OpenAI stream, paced', 1.35, 1.15),
  times('Responses → Anthropic JSON 1 kB', 2.2, 1.6),
  times('Responses → Anthropic stream, paced', 1.35, 1.15),
  {
    phase: 'resident with 1,000 open streams',
    must: 260,
    aim: 200,
    unit: ' MB',
    measured: ({ open }) => {
      const held = open.find(({ name }) => name === GATEWAY)
      return held && held.streams >= 1000 ? held.rss / 1e6 : undefined
    },
  },
  {
    phase: 'a stream that waits for its next chunk, resident',
    must: 60,
    unit: ' kB',
    measured: ({ idle }) => {
      const weighed = idle?.find(({ name }) => name === GATEWAY)
      return weighed && weighed.resident / 1000
    },
  },
  portkey('at one rate', (theirs, ours) => ratioOf(theirs.turns, ours.turns)),
  portkey(
    'each at its limit',
    (theirs, ours) => (theirs.saturated?.cpu ?? Number.NaN) / (ours.saturated?.cpu ?? Number.NaN),
  ),
  {
    phase: 'clients who left, aborted upstream',
    must: 100,
    least: true,
    unit: ' %',
    measured: ({ open }) => {
      const held = open.find(({ name }) => name === GATEWAY)
      return held && (100 * held.aborted) / held.streams
    },
  },
  {
    phase: 'a request with 10,000 keys against 10',
    must: 1.05,
    unit: '×',
    measured: ({ keyPools }) => keyPools?.rows[1]?.cpuRatio,
  },
  {
    phase: 'a request with log, metrics and cost against without',
    must: 1.1,
    unit: '×',
    measured: ({ observation }) => observation?.rows[1]?.cpuRatio,
  },
  {
    phase: 'memory kept of a past request',
    // Less than the shortest record of one: what is left is the engine's own, such as compiled code.
    must: 20,
    unit: ' B',
    measured: ({ past }) => past && (past.after - past.before) / past.requests,
  },
  { phase: 'first answer after the start', must: 600, unit: ' ms', measured: ({ startUp }) => startUp?.best },
]
