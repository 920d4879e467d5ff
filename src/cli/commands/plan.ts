/** `plan`: what a configuration would do with a trace of requests, told before real keys are spent. */
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../chat/error.ts'
import { loadConfig } from '../../config/load.ts'
import { formatPlan } from '../../scheduler/simulator/format-plan.ts'
import { plan, type PlanRequest } from '../../scheduler/simulator/plan.ts'
import { readTimedTrace, type Trace } from '../../scheduler/simulator/trace.ts'
import { amount } from '../../config/sections/quantities.ts'
import { schedulerSpec } from '../../app/scheduler-spec.ts'
import { isSandbox, standAside } from '../../app/sandbox-fallback.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  trace: { type: 'string' },
  config: { type: 'string' },
  model: { type: 'string' },
  target: { type: 'string' },
  start: { type: 'string' },
  seed: { type: 'string' },
  speed: { type: 'string' },
  limits: { type: 'string' },
  bare: { type: 'boolean' },
  seconds: { type: 'boolean' },
  reserves: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  const [trace = values.trace, ...more] = positionals
  refuseMore(values.trace === undefined ? more : positionals, 0)
  if (trace === undefined) throw new UsageError('plan needs --trace FILE.csv (plan --help says what is in it)')
  const config = standAside(loadConfig(configFile(values.config), process.env))
  const { rows, start: began } = read(trace)
  const request: PlanRequest = {
    rows,
    start: values.start === undefined ? began : instant(values.start),
    seed: values.seed === undefined ? undefined : whole(values.seed),
    speed: values.speed === undefined ? undefined : above(values.speed, '--speed 2 is twice as fast as the trace'),
    world: {
      limits: values.limits === undefined ? undefined : share(values.limits),
      bare: values.bare,
      seconds: values.seconds,
      reserves: values.reserves === undefined ? undefined : amount(checked(values.reserves)),
    },
    config: await schedulerSpec(config),
    model: values.model,
    target: values.target === undefined ? undefined : percentage(values.target),
  }
  const report = await planned(request)
  console.log(values.json ? JSON.stringify(report, null, 2) : formatPlan(report).trimEnd())
  if (config.providers.every(isSandbox)) {
    console.error(
      '\nOnly the embedded upstream is live, and it has no limits: set the keys of the providers to plan for.',
    )
  }
  return 0
}

function read(file: string): Trace {
  try {
    return readTimedTrace(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new UsageError(`${file}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

async function planned(request: PlanRequest): ReturnType<typeof plan> {
  try {
    return await plan(request)
  } catch (cause) {
    if (cause instanceof GatewayError) throw new UsageError(cause.message, { cause })
    throw cause
  }
}

function percentage(text: string): number {
  const value = Number(text.replace(/\s*%$/, ''))
  if (text.trim() !== '' && value > 0 && value <= 100) return value
  throw new UsageError(`"${text}" is not a share to serve: use a percentage above 0, at most 100`)
}

/** What is enforced of the limits: `70%`. */
function share(text: string): number {
  const value = Number(text.replace(/\s*%$/, ''))
  if (text.trim() !== '' && value > 0 && value <= 1000) return value / 100
  throw new UsageError(`"${text}" is not a share of the limits: --limits 70% is 30 % lower than declared`)
}

function above(text: string, example: string): number {
  const value = Number(text)
  if (value > 0 && value < Infinity) return value
  throw new UsageError(`"${text}" is not a number above 0: ${example}`)
}

function whole(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`"${text}" is not a whole number: --seed 7`)
}

function checked(text: string): string {
  if (/^\d+(\.\d+)?[kM]?$/.test(text)) return text
  throw new UsageError(`"${text}" is not a number of tokens: --reserves 16k`)
}

function instant(text: string): number {
  const value = Date.parse(/T\d|Z$/.test(text) ? text : `${text}T00:00:00Z`)
  if (Number.isFinite(value)) return value
  throw new UsageError(`"${text}" is not a time: --start 2026-11-24T23:00:00Z`)
}
