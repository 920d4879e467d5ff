/** `plan`: what a configuration would do with a trace of requests, told before real keys are spent. */
import { readFileSync } from 'node:fs'
import { GatewayError } from '../../chat/error.ts'
import { loadConfig } from '../../config/load.ts'
import { formatPlan } from '../../scheduler/simulator/format-plan.ts'
import { plan, type PlanRequest } from '../../scheduler/simulator/plan.ts'
import { readTrace, type TraceRow } from '../../scheduler/simulator/trace.ts'
import { schedulerSpec } from '../../app/scheduler-spec.ts'
import { isSandbox, standAside } from '../../app/sandbox-fallback.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'

const OPTIONS = {
  trace: { type: 'string' },
  config: { type: 'string' },
  model: { type: 'string' },
  target: { type: 'string' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  refuseMore(positionals, 0)
  if (values.trace === undefined) throw new UsageError('plan needs --trace FILE.csv (plan --help says what is in it)')
  const config = standAside(loadConfig(configFile(values.config), process.env))
  const request: PlanRequest = {
    rows: read(values.trace),
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

function read(file: string): TraceRow[] {
  try {
    return readTrace(readFileSync(file, 'utf8'))
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
