/** Short ways to say what a test's providers, pools and requests are. */
import type {
  AcquireRequest,
  KeySpec,
  LimitSpec,
  PoolSpec,
  ProviderSpec,
  RouteSpec,
} from '../../src/scheduler/types.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import type { SchedulerOptions } from '../../src/scheduler/options.ts'
import type { VirtualClock } from './virtual-clock.ts'
import { virtualClock } from './virtual-clock.ts'

export const rpm = (amount: number, more: Partial<LimitSpec> = {}): LimitSpec => ({
  metric: 'requests',
  amount,
  period: 60_000,
  ...more,
})

export const tpm = (amount: number, more: Partial<LimitSpec> = {}): LimitSpec => ({
  ...rpm(amount, more),
  metric: 'tokens',
})

export const concurrency = (amount: number, more: Partial<LimitSpec> = {}): LimitSpec => ({
  metric: 'concurrency',
  amount,
  period: 0,
  ...more,
})

export function provider(
  name: string,
  keys: (Partial<KeySpec> | LimitSpec[])[],
  more: Partial<ProviderSpec> = {},
): ProviderSpec {
  return {
    name,
    weight: 1,
    limits: [],
    keys: keys.map((key, index) => {
      const spec = Array.isArray(key) ? { limits: key } : key
      return { name: `${name}#${index + 1}`, weight: 1, limits: [], ...spec }
    }),
    ...more,
  }
}

export const route = (provider: string, more: Partial<RouteSpec> = {}): RouteSpec => ({
  provider,
  model: 'm',
  weight: 1,
  tier: 0,
  limits: [],
  ...more,
})

export const pool = (model: string, routes: RouteSpec[], more: Partial<PoolSpec> = {}): PoolSpec => ({
  model,
  weight: 1,
  routes,
  limits: [],
  ...more,
})

export const ask = (more: Partial<AcquireRequest> = {}): AcquireRequest => ({
  model: 'chat',
  input: 100,
  maxOutput: 100,
  needs: {},
  ...more,
})

/** A scheduler over the providers, with a pool `chat` of one route to each unless pools are given. */
export function setUp(
  providers: ProviderSpec[],
  {
    pools,
    options = {},
    clock = virtualClock(),
  }: { pools?: PoolSpec[]; options?: SchedulerOptions; clock?: VirtualClock } = {},
) {
  const scheduler = createScheduler(
    {
      providers,
      pools: pools ?? [
        pool(
          'chat',
          providers.map(({ name }) => route(name)),
        ),
      ],
      options,
    },
    clock,
    () => 0.5,
  )
  return { scheduler, clock }
}
