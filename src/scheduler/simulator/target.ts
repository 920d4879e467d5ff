/** How much more it would take to serve a target: keys of each kind, or limits. Found by running the trace again. */
import type { KeySpec, LimitSpec, PoolSpec } from '../types.ts'
import type { SchedulerSpec } from '../scheduler.ts'

export type Remedy =
  | { add: 'keys'; provider: string; /** Undefined: not even `most` more would do. */ more?: number; most: number }
  | { add: 'limits'; /** Factor on every limit; undefined: not even `most` would do. */ factor?: number; most: number }

const MOST_KEYS = 256
const MOST_FACTOR = 64
/** Limits are told to a twentieth. */
const GRAIN = 20

/** `goodput` runs a configuration and says how many percent were served. */
export async function remedies(
  config: SchedulerSpec,
  pool: PoolSpec,
  target: number,
  goodput: (config: SchedulerSpec) => Promise<number>,
): Promise<Remedy[]> {
  const found: Remedy[] = []
  for (const provider of new Set(pool.routes.map((route) => route.provider))) {
    if (!config.providers.some(({ name, keys }) => name === provider && keys.length > 0)) continue
    const enough = async (more: number): Promise<boolean> => (await goodput(withKeys(config, provider, more))) >= target
    found.push({ add: 'keys', provider, more: await least(enough, MOST_KEYS), most: MOST_KEYS })
  }
  const enough = async (steps: number): Promise<boolean> => {
    return (await goodput(withLimits(config, 1 + steps / GRAIN))) >= target
  }
  const steps = await least(enough, (MOST_FACTOR - 1) * GRAIN)
  found.push({ add: 'limits', factor: steps === undefined ? undefined : 1 + steps / GRAIN, most: MOST_FACTOR })
  return found
}

/** The least number from 1 to `most` that is enough, if any: doubled until it is, then halved in between. */
async function least(enough: (count: number) => Promise<boolean>, most: number): Promise<number | undefined> {
  let below = 0
  let above = 1
  while (!(await enough(above))) {
    if (above >= most) return undefined
    below = above
    above = Math.min(2 * above, most)
  }
  while (above - below > 1) {
    const middle = (below + above) >> 1
    if (await enough(middle)) above = middle
    else below = middle
  }
  return above
}

/** The same keys over again, each new round of them in accounts of its own: another key of one account adds nothing. */
function withKeys(config: SchedulerSpec, provider: string, more: number): SchedulerSpec {
  const providers = config.providers.map((spec) => {
    if (spec.name !== provider) return spec
    const added = Array.from({ length: more }, (_, index) => copyOf(spec.keys, index))
    return { ...spec, keys: [...spec.keys, ...added.filter((key) => key !== undefined)] }
  })
  return { ...config, providers }
}

function copyOf(keys: readonly KeySpec[], index: number): KeySpec | undefined {
  const original = keys[index % keys.length]
  if (original === undefined) return undefined
  const name = `${original.name}+${Math.floor(index / keys.length) + 1}`
  return { ...original, name, account: original.account === undefined ? undefined : name }
}

function withLimits(config: SchedulerSpec, factor: number): SchedulerSpec {
  const scaled = <T extends { limits: LimitSpec[] }>(owner: T): T => ({
    ...owner,
    limits: owner.limits.map((limit) => ({
      ...limit,
      // A concurrency is a whole number, and so must the requests of a period be to be of use.
      amount: limit.metric === 'concurrency' ? Math.ceil(limit.amount * factor) : limit.amount * factor,
      burst: limit.burst === undefined ? undefined : limit.burst * factor,
    })),
  })
  return {
    ...config,
    providers: config.providers.map((provider) => ({ ...scaled(provider), keys: provider.keys.map(scaled) })),
    pools: config.pools.map((pool) => ({ ...scaled(pool), routes: pool.routes.map(scaled) })),
  }
}
