/** A bucket that others use as well, of which the provider itself says that it is as large as declared. */
import { describe, expect, it } from 'vitest'
import { exponential, seededChance } from '../../src/scheduler/simulator/chance.ts'
import { bucket } from '../../src/scheduler/simulator/enforcement.ts'
import { ask, provider, rpm, setUp } from './fixture.ts'

const MINUTE = 60_000
const DECLARED = 60

/** One key that is asked for more than it gives, as others take `others` a second of it: what was served and refused of us. */
async function share(minutes: number, real: number, others: number) {
  const { scheduler, clock } = setUp([provider('p', [[rpm(DECLARED, { shape: 'bucket' })]])])
  const { random } = seededChance(5)
  const upstream = bucket(real, MINUTE)
  const seen = { served: 0, refused: 0 }
  const take = () => {
    if (upstream.wait(clock.now(), 1) === 0) upstream.take(clock.now(), 1)
    clock.setTimer(clock.now() + exponential(random, others / 1000), take)
  }
  if (others > 0) take()
  for (let second = 0; second < minutes * 60; second++) {
    void scheduler.acquire(ask({ maxWait: 5000 })).then(
      (lease) => {
        clock.setTimer(clock.now() + 20 + 60 * random(), () => {
          const wait = upstream.wait(clock.now(), 1)
          if (wait > 0) {
            if (second > 120) seen.refused++
            lease.observe([{ metric: 'requests', period: MINUTE, class: 'minute', limit: DECLARED }])
            return lease.fail({ kind: 'rate_limit', started: false, retryAfter: wait })
          }
          upstream.take(clock.now(), 1)
          if (second > 120) seen.served++
          lease.settle({ input: 100, output: 10 })
        })
      },
      () => {},
    )
    await clock.advance(1000)
  }
  return { ...seen, amount: scheduler.report().scopes[0]?.amount ?? 0 }
}

describe('a bucket that others use as well', () => {
  it('is asked for all that it gives, not for a share', async () => {
    const { served, refused, amount } = await share(20, DECLARED, 0.5)
    expect(amount).toBe(DECLARED)
    // half of it would be 540
    expect(served).toBeGreaterThan(850)
    expect(refused).toBeLessThan(0.2 * served)
  })

  it('is cut where it gives less than the provider says', async () => {
    const { served, refused, amount } = await share(20, DECLARED / 2, 0)
    expect(amount).toBeLessThan(0.7 * DECLARED)
    expect(served).toBeGreaterThan(0.9 * 18 * 30)
    expect(refused).toBeLessThan(0.2 * served)
  })
})
