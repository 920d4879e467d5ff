import { describe, expect, it } from 'vitest'
import { createBelief, noteRefused, noteSent } from '../../src/scheduler/limit-learning/enforcement-belief.ts'
import { ease, isTooFast, strain } from '../../src/scheduler/limit-learning/strain.ts'
import { createLimit, loadOf, press, waitOf } from '../../src/scheduler/limits/limit.ts'
import type { LimitSpec } from '../../src/scheduler/types.ts'

const spec: LimitSpec = { metric: 'requests', amount: 600, period: 60_000, shape: 'bucket' }

describe('a refusal of a crowded request', () => {
  it('shows that the part is full, whatever was counted: the next one waits until there is room', () => {
    const limit = createLimit(spec, (now) => now, 0)
    limit.belief = createBelief(spec, 0)
    limit.belief.most = 9
    expect(waitOf(limit, null, 0)).toBe(0)
    press(limit, 10, 0)
    expect(waitOf(limit, null, 0)).toBeCloseTo(100)
    expect(loadOf(limit, 0)).toBe(10)
    expect(waitOf(limit, null, 100)).toBeCloseTo(0)
  })

  it('is one of a lower rate where many are refused that keep to the part', () => {
    for (const [accepted, fast] of [
      [30, false],
      [3, true],
    ] as const) {
      const limit = createLimit(spec, (now) => now, 0)
      for (let n = 0; n < 20; n++) {
        for (let m = 0; m < accepted; m++) ease(limit)
        strain(limit)
      }
      expect(isTooFast(limit)).toBe(fast)
    }
  })

  it('does not tell of a finer part where that would hold most of the window', () => {
    for (const [crowd, most] of [
      [400, Infinity],
      [20, 30],
    ] as const) {
      const belief = createBelief(spec, 0)
      for (let n = 0; n < 60; n++) noteSent(belief, crowd * 0.87, 0)
      for (let n = 0; n < 20; n++) noteRefused(belief, crowd, 0)
      if (most === Infinity) expect(belief.most).toBe(Infinity)
      else expect(belief.most).toBeLessThan(most)
    }
  })
})
