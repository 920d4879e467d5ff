/** A provider's key on the virtual clock: it admits, answers and charges as its limits say. */
import type { Charge, Metric, Settlement, Signal } from '../contract.ts'
import type { Random } from './chance.ts'
import { logNormal, uniform } from './chance.ts'
import type { Enforcement, Receipt } from './enforcement.ts'

/** What a request asks of a provider, in tokens. */
export interface Work {
  input: number
  output: number
  /** What the provider reserves for the answer where it reserves. */
  maxOutput: number
}

export interface EnforcedLimit {
  metric: Metric
  /** Milliseconds; 0 for concurrency. */
  period: number
  charge: Charge
  enforcement: Enforcement
}

export interface UpstreamKey {
  /** `provider/model#key`, as leases name it. */
  id: string
  provider: string
  limits: EnforcedLimit[]
  /** Median milliseconds to the first byte. */
  firstByte: number
  tokensPerSecond: number
  /** Does it tell its limits in headers, and in a refusal how long to wait? */
  headers: boolean
  retryAfter: boolean
  /** Answers 401. */
  dead: boolean
  /** Factor on all its times. */
  slowness: number
  served: number
  refused: number
}

export interface Admission {
  receipts: Receipt[]
}

export interface Refusal {
  limit: EnforcedLimit
  /** Milliseconds. */
  wait: number
}

/** A minute's headers are what providers send; day limits rarely show. */
const HEADER_PERIOD = 60_000
/** Tokens of a prompt that are read in a millisecond. */
const PREFILL = 8

/** Admits the work and charges it, or says which limit refuses longest. */
export function admit(key: UpstreamKey, work: Work, now: number): Admission | Refusal {
  let refusal: Refusal | undefined
  for (const limit of key.limits) {
    const wait = limit.enforcement.wait(now, needed(limit, work))
    if (wait > (refusal?.wait ?? 0)) refusal = { limit, wait }
  }
  if (refusal !== undefined) return refusal
  return { receipts: key.limits.map((limit) => limit.enforcement.take(now, taken(limit, work))) }
}

/** The answer is complete: each limit is charged what its rule says. */
export function finish(key: UpstreamKey, work: Work, admission: Admission, now: number): void {
  for (const [index, { metric, charge, enforcement }] of key.limits.entries()) {
    const receipt = admission.receipts[index]
    if (metric === 'concurrency') enforcement.give(now, 1, receipt)
    else if (metric !== 'tokens' && metric !== 'output') continue
    else if (charge === 'reserve-max') enforcement.give(now, work.maxOutput - work.output, receipt)
    else if (charge === 'predicted') enforcement.take(now, work.output)
    else if (charge === 'actual') enforcement.take(now, metric === 'output' ? work.output : work.input + work.output)
  }
}

/** Milliseconds until the answer is complete. */
export function duration(key: UpstreamKey, work: Work, random: Random): number {
  const first = key.firstByte * logNormal(random, 0, 0.3)
  const answer = (1000 * work.output) / (key.tokensPerSecond * uniform(random, 0.8, 1.2))
  return (first + work.input / PREFILL + answer) * key.slowness
}

/** What an answer's headers say of the limits: nothing where the provider sends none. */
export function headersOf(key: UpstreamKey, now: number): Signal[] {
  if (!key.headers) return []
  return key.limits
    .filter((limit) => limit.period === HEADER_PERIOD)
    .map(({ metric, period, enforcement }) => ({
      metric,
      period,
      limit: enforcement.limit,
      remaining: Math.max(0, enforcement.remaining(now)),
    }))
}

/** What a refusal says: which limit, and its amount where the provider tells its limits at all. */
export function refusalSignals(key: UpstreamKey, { limit }: Refusal): Signal[] {
  const { metric, period, enforcement } = limit
  const signal: Signal = { metric, period, class: period > 3_600_000 ? 'day' : 'minute' }
  return [key.headers ? { ...signal, limit: enforcement.limit } : signal]
}

export function used(work: Work): Settlement {
  return { input: work.input, output: work.output }
}

function needed({ metric, charge }: EnforcedLimit, work: Work): number {
  if (metric === 'requests' || metric === 'concurrency') return 1
  if (metric === 'output') return charge === 'reserve-max' ? work.maxOutput : 1
  if (metric !== 'tokens') return work.input
  if (charge === 'reserve-max') return work.input + work.maxOutput
  return charge === 'input' ? work.input : 1
}

function taken({ metric, charge }: EnforcedLimit, work: Work): number {
  if (metric === 'requests' || metric === 'concurrency') return 1
  if (metric === 'output') return charge === 'reserve-max' ? work.maxOutput : 0
  if (metric !== 'tokens') return work.input
  if (charge === 'reserve-max') return work.input + work.maxOutput
  return charge === 'actual' ? 0 : work.input
}
