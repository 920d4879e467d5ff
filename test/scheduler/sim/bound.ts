/** What no policy can exceed: a clairvoyant pool in which any request may use any key's quota, earliest deadlines first. */
import { seededChance } from '../../../src/scheduler/simulator/chance.ts'
import type { SimulatedRequest } from '../../../src/scheduler/simulator/simulation.ts'
import type { EnforcedLimit } from '../../../src/scheduler/simulator/upstream.ts'
import type { SimKey } from './sim-key.ts'
import { upstreamKey } from './sim-key.ts'

/** Quota that may be used from `birth` until `expiry`, milliseconds. */
interface Supply {
  birth: number
  expiry: number
  amount: number
}

const STEP = 1000
/** No answer takes less, milliseconds. */
const LEAST_SERVICE = 200

/**
 * Requests that a clairvoyant could serve. Request slots are units with a birth and an expiry: a fixed window's are born
 * at its start and die at its end; those of a bucket or a sliding window are a full amount at first and a stream at its
 * rate, each dead one period after its birth. Day budgets cap a key's units. Where all keys have token limits, the cheapest
 * requests go first into the sum of all tokens. Loose by a burst a key where enforcement is a window.
 */
export function upperBound(
  keys: readonly SimKey[],
  requests: readonly SimulatedRequest[],
  seed: number,
  dies: Record<number, number> = {},
): number {
  const { random } = seededChance(seed)
  const upstream = keys.map((key, index) => upstreamKey(key, index, random))
  const end = requests.at(-1)?.at ?? 0
  const costs = requests.map((request) => request.input + request.output).sort((a, b) => a - b)
  const supplies: Supply[] = []
  let dayTokens = 0
  let dayRequests = 0
  let budgeted = false
  for (const [index, key] of keys.entries()) {
    const limit = upstream[index]?.limits.find(({ metric, period }) => metric === 'requests' && period <= 60_000)
    if (limit === undefined) throw new Error('The bound needs a request limit on each key.')
    const stream = streamOf(limit, Math.min(end, 1000 * (dies[index] ?? Infinity)))
    const total = stream.reduce((sum, { amount }) => sum + amount, 0)
    const days = Math.ceil(end / 1000 / key.day)
    const budget = key.rpd === undefined ? Infinity : key.rpd * days
    if (key.tpd !== undefined) {
      budgeted = true
      dayTokens += key.tpd * days
      dayRequests += Math.min(total, budget)
    } else if (budget < total) supplies.push({ birth: 0, expiry: end, amount: budget })
    else supplies.push(...stream)
  }
  if (budgeted) supplies.push({ birth: 0, expiry: end, amount: Math.min(affordable(costs, dayTokens), dayRequests) })
  let served = Math.floor(match(supplies, requests, end) + 1)
  if (keys.every((key) => key.tpm !== undefined && key.charge !== 'input')) {
    const tokens = keys.reduce((sum, key) => sum + (key.tpm ?? 0) * key.real * (1 + end / 60_000), 0)
    served = Math.min(served, affordable(costs, tokens))
  }
  return Math.min(served, requests.length)
}

function streamOf({ enforcement, period }: EnforcedLimit, end: number): Supply[] {
  const { limit, phase } = enforcement
  const units: Supply[] = []
  if (phase !== undefined) {
    for (let start = -phase; start < end; start += period) {
      units.push({ birth: Math.max(0, start), expiry: start + period, amount: limit })
    }
    return units
  }
  for (let tenth = 1; tenth <= 10; tenth++) units.push({ birth: 0, expiry: (period * tenth) / 10, amount: limit / 10 })
  for (let now = 0; now < end; now += STEP) {
    units.push({ birth: now, expiry: now + STEP + period, amount: (limit / period) * STEP })
  }
  return units
}

/** How many of the cheapest fit into the budget. */
function affordable(sortedCosts: readonly number[], budget: number): number {
  let left = budget
  let count = 0
  for (const cost of sortedCosts) {
    left -= cost
    if (left < 0) break
    count += 1
  }
  return count
}

/** Matches the earliest deadlines with the earliest expiries. */
function match(supplies: Supply[], requests: readonly SimulatedRequest[], end: number): number {
  const coming = [...supplies].sort((a, b) => a.birth - b.birth || a.expiry - b.expiry)
  const alive: Supply[] = []
  let arrived = 0
  let waiting = 0
  let born = 0
  let matched = 0
  let need = 1
  for (let now = 0; now < end; now += STEP) {
    while ((requests[arrived]?.at ?? Infinity) <= now + STEP) arrived += 1
    for (let supply = coming[born]; supply !== undefined && supply.birth <= now + STEP; supply = coming[born]) {
      insert(alive, { ...supply })
      born += 1
    }
    // Arrivals come in the order of their deadlines, so that the waiting are a range of them.
    while (waiting < arrived && (requests[waiting]?.deadline ?? 0) - LEAST_SERVICE < now) waiting += 1
    while ((alive.at(-1)?.expiry ?? Infinity) < now) alive.pop()
    for (let least = alive.at(-1); least !== undefined && waiting < arrived; least = alive.at(-1)) {
      if (least.amount > need + 1e-9) {
        least.amount -= need
        matched += 1
        waiting += 1
        need = 1
      } else {
        need -= least.amount
        alive.pop()
      }
    }
  }
  return matched
}

/** Keeps the list sorted, the earliest expiry last. */
function insert(alive: Supply[], supply: Supply): void {
  let low = 0
  let high = alive.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((alive[middle]?.expiry ?? 0) > supply.expiry) low = middle + 1
    else high = middle
  }
  alive.splice(low, 0, supply)
}
