/** A key of a scenario: what its operator declared, and what its provider really enforces. */
import type { Charge, KeySpec, LimitSpec } from '../../../src/scheduler/types.ts'
import type { Random } from '../../../src/scheduler/simulator/chance.ts'
import type { Enforcement } from '../../../src/scheduler/simulator/enforcement.ts'
import { bucket, concurrency, fixedWindow, slidingWindow } from '../../../src/scheduler/simulator/enforcement.ts'
import type { EnforcedLimit, UpstreamKey } from '../../../src/scheduler/simulator/upstream.ts'

export type Kind = 'bucket' | 'fixed' | 'sliding'

export interface SimKey {
  rpm?: number
  tpm?: number
  rpd?: number
  tpd?: number
  rps?: number
  concurrency?: number
  /** How the minute is enforced; the operator declares it only where it is a bucket, and known to be. */
  kind: Kind
  known: boolean
  charge: Charge
  weight: number
  headers: boolean
  retryAfter: boolean
  /** Real minute limits, as a share of the declared ones. */
  real: number
  tokensPerSecond: number
  provider: string
  /** Seconds. */
  day: number
}

const MINUTE = 60_000
const FIRST_BYTE = 400
export const MODEL = 'm'

export function simKey(given: Partial<SimKey>): SimKey {
  return {
    kind: 'bucket',
    known: true,
    charge: 'reserve-max',
    weight: given.rpm ?? (given.rps === undefined ? 60 : given.rps * 60),
    headers: true,
    retryAfter: true,
    real: 1,
    tokensPerSecond: 70,
    provider: 'p',
    day: 86_400,
    ...given,
  }
}

/** Requests a minute that the operator declared, by whatever limit. */
export function declaredRate(key: SimKey): number {
  return key.rpm ?? (key.rps ?? 1) * 60
}

/** The key as its provider enforces it; `random` places the fixed windows. */
export function upstreamKey(key: SimKey, index: number, random: Random): UpstreamKey {
  const { rpm, tpm, rpd, tpd, rps, charge, real } = key
  const day = key.day * 1000
  const limits: EnforcedLimit[] = []
  const add = (metric: EnforcedLimit['metric'], period: number, enforcement: Enforcement): void => {
    limits.push({ metric, period, charge, enforcement, used: 0 })
  }
  if (rpm !== undefined) add('requests', MINUTE, enforce(key.kind, Math.max(1, Math.floor(rpm * real)), random))
  if (tpm !== undefined) add('tokens', MINUTE, enforce(key.kind, tpm * real, random))
  if (rpd !== undefined) add('requests', day, fixedWindow(rpd, day))
  if (tpd !== undefined) add('tokens', day, fixedWindow(tpd, day))
  if (rps !== undefined) add('requests', 1000, bucket(rps, 1000))
  if (key.concurrency !== undefined) add('concurrency', 0, concurrency(key.concurrency))
  const { provider, tokensPerSecond, headers, retryAfter } = key
  const name = keyName(key, index)
  return {
    id: `${provider}/${MODEL}#${name}`,
    provider,
    limits,
    firstByte: FIRST_BYTE,
    tokensPerSecond,
    headers,
    retryAfter,
    dead: false,
    slowness: 1,
    served: 0,
    refused: 0,
  }
}

/** The key as its operator declared it. */
export function keySpec(key: SimKey, index: number): KeySpec {
  const { rpm, tpm, rpd, tpd, rps, charge } = key
  const minute =
    key.kind === 'bucket' && key.known ? ({ period: MINUTE, shape: 'bucket' } as const) : { period: MINUTE }
  const day = { period: key.day * 1000, shape: 'calendar' } as const
  const limits: LimitSpec[] = []
  if (rpm !== undefined) limits.push({ metric: 'requests', amount: rpm, ...minute })
  if (tpm !== undefined) limits.push({ metric: 'tokens', amount: tpm, charge, ...minute })
  if (rpd !== undefined) limits.push({ metric: 'requests', amount: rpd, ...day })
  if (tpd !== undefined) limits.push({ metric: 'tokens', amount: tpd, charge, ...day })
  if (rps !== undefined) limits.push({ metric: 'requests', amount: rps, period: 1000, shape: 'sliding' })
  if (key.concurrency !== undefined) limits.push({ metric: 'concurrency', amount: key.concurrency, period: 0 })
  return { name: keyName(key, index), weight: key.weight, limits }
}

function keyName(key: SimKey, index: number): string {
  return `${key.provider}#${index + 1}`
}

function enforce(kind: Kind, amount: number, random: Random): Enforcement {
  if (kind === 'bucket') return bucket(amount, MINUTE)
  return kind === 'fixed' ? fixedWindow(amount, MINUTE, random() * MINUTE) : slidingWindow(amount, MINUTE)
}
