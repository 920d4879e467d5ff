import { expect, it } from 'vitest'
import { measure } from '../bench/scheduler.ts'

// The figures themselves are those of `node test/bench/scheduler.ts`; a shared machine may be much slower.
it(
  'picks among thousands of keys without looking at each, in little memory and with one timer',
  { timeout: 90_000 },
  async () => {
    const few = await measure({ keys: 200, models: 20, picks: 10_000 })
    const many = await measure({ keys: 4000, models: 20, picks: 10_000 })
    expect(many.meanMicroseconds).toBeLessThan(4 * few.meanMicroseconds + 20)
    expect(many.picksPerSecond).toBeGreaterThan(1000)
    expect(many.bytesPerKey).toBeLessThan(4000)
    expect(many.mostTimers).toBeLessThanOrEqual(2)
  },
)
