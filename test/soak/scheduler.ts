/**
 * The scheduler's promise over real sockets, at length: 20 real seconds of half as much again as the keys may serve.
 * Truly declared limits: no 429 from upstream. Declared 30 % too high, with headers that tell the truth: 1 in 1000 at most.
 * Enforced a second at a time where a minute was declared: 60 seconds at 0.6 of the keys' rate, nearly all of them served.
 * The windows are a second long, so 70 ms of jitter are allowed for: `stalled` says how long this one process, which is
 * client, gateway and upstream, stood still at most. A first load warms it up and is not counted.
 * `node test/soak/scheduler.ts [SECONDS] [NAME]`; ends with 1 when the promise is broken.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { EnforcedLimit } from '../../src/sandbox/limits/types.ts'
import { machineClock } from '../scheduler-http/clock.ts'
import { exponential, seededChance } from '../../src/scheduler/simulator/chance.ts'
import { KEYS, tooHigh, truthful } from '../scheduler-http/declared.ts'
import { formatFor } from '../scheduler-http/dialect.ts'
import { overload, type Load, type Outcome } from '../scheduler-http/overload.ts'

const SECONDS = Number(process.argv[2] ?? 20)
const NAME = process.argv[3] ?? ''
const OVER = 1.5
/** Loads at once: more would keep one process busier than a network does. */
const TOGETHER = 3
/** Requests a second that one key may serve. */
const EACH = 10

interface Trial {
  name: string
  /** Those of all others when absent. */
  seconds?: number
  /** Made when it begins: a clock may show a time of its own. */
  load: () => Omit<Load, 'seconds'>
  /** 429s from upstream for each request. */
  most: number
  /** Of those that ask, the least share to be served, and the milliseconds in which all but one in a hundred are. */
  serves?: { share: number; within: number }
}

const body = (number: number): Record<string, unknown> => ({
  messages: [{ role: 'user', content: `Tell me about the number ${number}. `.repeat(1 + (number % 4)) }],
  max_tokens: 40,
})

function trialOf(
  name: string,
  most: number,
  load: () => Omit<Load, 'seconds' | 'rate'>,
  rate = OVER * EACH * KEYS.length,
): Trial {
  return {
    name,
    most,
    load() {
      const given = load()
      const config = { scheduler: { max_wait: '2s' }, ...given.config }
      return { body, returns: 1, clock: machineClock(), ...given, config, rate }
    },
  }
}

const requests = (shape: EnforcedLimit['shape']): EnforcedLimit => ({
  metric: 'requests',
  amount: EACH,
  period: 1000,
  shape,
})
const tokens = (shape: EnforcedLimit['shape'], charge: EnforcedLimit['charge']): EnforcedLimit => ({
  metric: 'tokens',
  amount: 600,
  period: 1000,
  shape,
  charge,
})

function calendar(): Trial {
  const resets = { unit: 'day', at: '00:00', zone: 'America/Los_Angeles' } as const
  const limit: EnforcedLimit = {
    metric: 'requests',
    amount: (EACH * SECONDS) / 2,
    period: 86_400_000,
    shape: 'calendar',
    resets,
  }
  return trialOf('calendar, requests', 0, () => {
    // midnight in California comes half-way
    const offset = Date.UTC(2026, 10, 24, 8) - (SECONDS * 1000) / 2 - Date.now()
    const clock = { ...machineClock(), wall: () => Date.now() + offset }
    const { sandbox, provider } = truthful(limit, `${resets.at} ${resets.zone}`)
    return { sandbox: { ...sandbox, now: clock.wall }, provider, clock }
  })
}

function concurrency(): Trial {
  const load = truthful({ metric: 'concurrency', amount: 2, period: 0 })
  const first_byte = 200
  const rate = (OVER * 2 * KEYS.length * 1000) / first_byte
  return trialOf('requests at once', 0, () => ({ ...load, sandbox: { ...load.sandbox, first_byte } }), rate)
}

/** Ten keys of 60 requests a minute, of which the provider takes one a second; arrivals by chance. */
function finer(name: string, dialect: 'openai' | 'blind'): Trial {
  const keys = Array.from({ length: 10 }, (_, index) => `key${index}`)
  const rate = 0.6 * keys.length
  const seconds = Math.max(60, SECONDS)
  return {
    name,
    seconds,
    most: 20 / (rate * seconds),
    serves: { share: 0.99, within: 3000 },
    load() {
      const { random } = seededChance(12)
      return {
        body,
        clock: machineClock(),
        rate,
        gap: () => exponential(random, 1),
        sandbox: { enforce: { dialect, limits: [{ metric: 'requests', amount: 60, period: 60_000, burst: 1 }] } },
        provider: { format: formatFor(dialect).format, keys, limits: { rpm: 60 } },
      }
    },
  }
}

const ALL: Trial[] = [
  trialOf('bucket, requests', 0, () => truthful(requests('bucket'))),
  trialOf('sliding, requests', 0, () => truthful(requests('sliding'))),
  trialOf('fixed, requests', 0, () => truthful(requests('fixed'))),
  calendar(),
  trialOf('bucket, tokens, the most that may come', 0, () => truthful(tokens('bucket', 'reserve-max'))),
  trialOf('sliding, tokens of the input', 0, () => truthful({ ...tokens('sliding', 'input'), amount: 250 })),
  trialOf('bucket, input tokens', 0, () => truthful({ metric: 'input', amount: 250, period: 1000, shape: 'bucket' })),
  concurrency(),
  ...(['sliding', 'fixed'] as const).map((shape) =>
    trialOf(`openai, requests, ${shape}, 30 % too high`, 0.001, () =>
      tooHigh('openai', { metric: 'requests', amount: 3 * EACH, shape }),
    ),
  ),
  ...(['openai', 'azure', 'anthropic', 'mistral', 'sambanova'] as const).map((dialect) =>
    trialOf(`${dialect}, requests, 30 % too high`, 0.001, () =>
      tooHigh(dialect, { metric: 'requests', amount: 60 * EACH, shape: 'bucket', burst: EACH }),
    ),
  ),
  ...(['openai', 'groq', 'cerebras'] as const).map((dialect) =>
    trialOf(`${dialect}, tokens, 30 % too high`, 0.001, () =>
      tooHigh(dialect, { metric: 'tokens', amount: 60 * 400, shape: 'bucket', burst: 400 }),
    ),
  ),
  finer('60 a minute, taken one a second', 'openai'),
  finer('the same, refused without a word', 'blind'),
]
const TRIALS = ALL.filter(({ name }) => name.includes(NAME))

function line({ name, most, serves }: Trial, outcome: Outcome, stalled: number): boolean {
  const { offered, served, refused, returned, upstream, timeless, longest, times } = outcome
  const late = serves ? times.filter((time) => time > serves.within).length : 0
  const isServed = !serves || (served >= serves.share * offered && late <= served / 100)
  const isKept = upstream.refused <= most * upstream.requests && timeless === 0 && isServed
  const cells = [
    name.padEnd(42),
    String(offered).padStart(7),
    String(served).padStart(7),
    String(refused).padStart(8),
    `${returned.served}/${returned.served + returned.refused}`.padStart(12),
    `${(longest / 1000).toFixed(1)} s`.padStart(8),
    `${upstream.refused}/${upstream.requests}`.padStart(12),
    `${stalled.toFixed(0)} ms`.padStart(8),
    isKept ? '' : '  BROKEN',
  ]
  console.log(cells.join(' '))
  return isKept
}

console.log(`${''.padEnd(42)} offered  served  refused    came back  longest upstream 429  stalled`)
await Promise.all(TRIALS.slice(0, TOGETHER).map(({ load }) => overload({ ...load(), seconds: 2 })))
let kept = true
for (let i = 0; i < TRIALS.length; i += TOGETHER) {
  const some = TRIALS.slice(i, i + TOGETHER)
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const outcomes = await Promise.all(some.map(({ load, seconds = SECONDS }) => overload({ ...load(), seconds })))
  delay.disable()
  for (const [index, outcome] of outcomes.entries()) {
    const trial = some[index]
    if (trial) kept = line(trial, outcome, delay.max / 1e6) && kept
  }
}
process.exitCode = kept ? 0 : 1
