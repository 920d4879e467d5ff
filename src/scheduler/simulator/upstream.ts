/** A provider's key on the virtual clock: it admits, answers and charges as its limits say. */
import type { Charge, Metric, Settlement, LimitSignal } from '../types.ts'
import type { Random } from './chance.ts'
import { logNormal, uniform } from './chance.ts'
import type { Enforcement, Receipt } from './enforcement.ts'

/** What a request asks of a provider, in tokens. */
export interface Work {
  input: number
  output: number
  /** What the provider reserves for the answer where it reserves. */
  maxOutput: number
  /** Did the client state that maximum? */
  statesMaximum?: boolean
}

export interface EnforcedLimit {
  metric: Metric
  /** Milliseconds; 0 for concurrency. */
  period: number
  charge: Charge
  enforcement: Enforcement
  /** US dollars for a million tokens, for limits of money. */
  price?: { input: number; output: number }
  /** All that was charged so far; of concurrency, milliseconds in use. */
  used: number
}

export interface UpstreamKey {
  /** `provider/model#key`, as leases name it. */
  id: string
  provider: string
  limits: EnforcedLimit[]
  /** Median milliseconds to the first byte. */
  firstByte: number
  tokensPerSecond: number
  /** Tokens that it reserves for the answer of a request that states no maximum; absent: no more than it has. */
  assumes?: number | undefined
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
  at: number
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
/** US dollars: less than any request costs. */
const LEAST_MONEY = 1e-9

/** Admits the work and charges it, or says which limit refuses longest. */
export function admit(key: UpstreamKey, work: Work, now: number): Admission | Refusal {
  const asked = reserved(key, work)
  let refusal: Refusal | undefined
  for (const limit of key.limits) {
    const wait = limit.enforcement.wait(now, needed(limit, asked))
    if (wait > (refusal?.wait ?? 0)) refusal = { limit, wait }
  }
  if (refusal !== undefined) return refusal
  const receipts = key.limits.map((limit) => {
    const amount = taken(limit, asked)
    if (limit.metric !== 'concurrency') limit.used += amount
    return limit.enforcement.take(now, amount)
  })
  return { at: now, receipts }
}

/** The answer is complete: each limit is charged what its rule says. */
export function finish(key: UpstreamKey, work: Work, admission: Admission, now: number): void {
  const asked = reserved(key, work)
  for (const [index, limit] of key.limits.entries()) {
    const receipt = admission.receipts[index]
    if (limit.metric === 'concurrency') {
      limit.used += now - admission.at
      limit.enforcement.give(now, 1, receipt)
      continue
    }
    const late = lateCharge(limit, asked)
    limit.used += late
    if (late < 0) limit.enforcement.give(now, -late, receipt)
    else if (late > 0) limit.enforcement.take(now, late)
  }
}

/** Milliseconds until the answer is complete. */
export function duration(key: UpstreamKey, work: Work, random: Random): number {
  const first = key.firstByte * logNormal(random, 0, 0.3)
  const answer = (1000 * work.output) / (key.tokensPerSecond * uniform(random, 0.8, 1.2))
  return (first + work.input / PREFILL + answer) * key.slowness
}

/** What an answer's headers say of the limits: nothing where the provider sends none. */
export function headersOf(key: UpstreamKey, now: number): LimitSignal[] {
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
export function refusalSignals(key: UpstreamKey, { limit }: Refusal): LimitSignal[] {
  const { metric, period, enforcement } = limit
  const signal: LimitSignal = { metric, period, class: period > 3_600_000 ? 'day' : 'minute' }
  return [key.headers ? { ...signal, limit: enforcement.limit } : signal]
}

export function used(work: Work): Settlement {
  return { input: work.input, output: work.output }
}

/** The work as the provider reserves for it. */
function reserved({ assumes }: UpstreamKey, work: Work): Work {
  if (work.statesMaximum !== false || assumes === undefined) return work
  return { ...work, maxOutput: Math.max(assumes, work.output) }
}

/** The room that a limit must have; what is counted at the end is admitted as long as anything is left. */
function needed(limit: EnforcedLimit, work: Work): number {
  if (limit.metric === 'usd') return LEAST_MONEY
  const late = limit.metric === 'tokens' && (limit.charge === 'predicted' || limit.charge === 'actual')
  return late ? 1 : Math.max(taken(limit, work), 1)
}

/** What is charged when the request is admitted. */
function taken({ metric, charge }: EnforcedLimit, work: Work): number {
  switch (metric) {
    case 'requests':
    case 'concurrency':
      return 1
    case 'input':
    case 'uncached':
      return work.input
    case 'output':
      return charge === 'reserve-max' ? work.maxOutput : 0
    case 'tokens':
      if (charge === 'reserve-max') return work.input + work.maxOutput
      return charge === 'actual' ? 0 : work.input
    case 'usd':
    case 'neurons':
      return 0
  }
}

/** What is charged more, or less, when the answer is complete. */
function lateCharge({ metric, charge, price }: EnforcedLimit, work: Work): number {
  if (metric === 'usd') return price ? (work.input * price.input + work.output * price.output) / 1e6 : 0
  if (metric !== 'tokens' && metric !== 'output') return 0
  if (charge === 'reserve-max') return work.output - work.maxOutput
  if (charge === 'input') return 0
  return charge === 'actual' && metric === 'tokens' ? work.input + work.output : work.output
}
