import { describe, expect, it } from 'vitest'
import { runScheduler } from './run.ts'
import type { Scenario } from './scenarios.ts'
import type { Kind } from './sim-key.ts'
import { simKey } from './sim-key.ts'
import { hasTraces, poisson } from './workload.ts'

/** Five keys whose shape nobody declared, 1.5 times overloaded. */
function overload(kind: Kind, headers: boolean): Scenario {
  return {
    note: kind,
    keys: () => Array.from({ length: 5 }, () => simKey({ rpm: 30, tpm: 200_000, kind, known: false, headers })),
    requests: (seed) => poisson({ rate: 3.75, seconds: 900, seed }),
  }
}

describe.skipIf(!hasTraces)('headers that tell what is left', () => {
  it.each<Kind>(['bucket', 'fixed', 'sliding'])(
    'never lead to a refusal where limits are enforced by %s',
    async (kind) => {
      for (const seed of [1, 2, 3]) {
        expect((await runScheduler(overload(kind, true), seed)).refused).toBe(0)
      }
    },
  )

  it.each<Kind>(['bucket', 'fixed'])(
    'let what a %s has free be used at once, though nobody declared it',
    async (kind) => {
      const blind = await runScheduler(overload(kind, false), 1)
      const told = await runScheduler(overload(kind, true), 1)
      expect(told.goodput).toBeGreaterThan(blind.goodput + 1)
    },
  )
})
