import { describe, expect, it } from 'vitest'
import { createFairParts, type Shared } from '../../src/replicas/fair-part.ts'
import { Concurrency } from '../../src/scheduler/limits/concurrency.ts'
import { Sliding } from '../../src/scheduler/limits/sliding.ts'
import { virtualClock } from '../../src/scheduler/simulator/virtual-clock.ts'

const REPLICAS = 4
const PERIOD = 2000
const AMOUNT = 40
const MOMENT = 10

describe('the equal part of a limit', () => {
  function setUp(window: Sliding | Concurrency) {
    let now = 1000
    const clock = { ...virtualClock(0, () => Promise.resolve()), now: () => now }
    const parts = createFairParts(
      clock,
      () => 0.5,
      () => REPLICAS,
    )
    const metric = window instanceof Concurrency ? 'concurrency' : 'requests'
    const limit = { window, until: 0, spec: { metric, amount: AMOUNT, period: PERIOD } as const }
    const pending = new Map<string, number>()
    const mirrored: Shared = { limit, pending, places: new Set() }
    const one = [{ mirrored, units: 1 }]
    /** It is asked for and there is none left. */
    const beaten = (): void => {
      window.take(now, AMOUNT)
      parts.beaten(one)
    }
    return { parts, mirrored, pending, limit, one, beaten, pass: (by: number) => void (now += by), now: () => now }
  }

  it('leaves what comes free to the others for a moment when it has been had, and then takes what they do not want', () => {
    const { parts, limit, one, beaten, pass, now } = setUp(new Sliding(AMOUNT, PERIOD, (at) => at))
    beaten()
    for (let taken = 0; taken < AMOUNT / REPLICAS; taken++) {
      expect(parts.leaves(one)).toBe(false)
      parts.took(one)
    }
    expect(parts.isWithin(one)).toBe(false)
    expect(parts.leaves(one, 10)).toBe(false)
    expect(parts.leaves(one)).toBe(true)
    expect(limit.until).toBe(now() + MOMENT)
    pass(MOMENT)
    expect(parts.leaves(one)).toBe(false)
    pass(PERIOD)
    expect(parts.leaves(one)).toBe(false)
  })

  it('counts what the ledger is being asked for', () => {
    const { parts, pending, one, beaten } = setUp(new Sliding(AMOUNT, PERIOD, (at) => at))
    beaten()
    pending.set('under way', AMOUNT / REPLICAS)
    expect(parts.leaves(one)).toBe(true)
  })

  it('is one of places too, also for who keeps taking its own back and hears only that others wait', () => {
    const { parts, mirrored, one } = setUp(new Concurrency(AMOUNT))
    parts.wanted(mirrored)
    for (let held = 0; held < AMOUNT / REPLICAS; held++) {
      expect(parts.leaves(one)).toBe(false)
      mirrored.places.add(`lease ${held}`)
    }
    expect(parts.leaves(one)).toBe(true)
  })

  it('is no matter where there is enough for all', () => {
    const { parts, one } = setUp(new Sliding(AMOUNT, PERIOD, (at) => at))
    parts.beaten(one)
    for (let taken = 0; taken < AMOUNT; taken++) parts.took(one)
    expect(parts.leaves(one)).toBe(false)
    expect(parts.isWithin(one)).toBe(true)
  })
})
