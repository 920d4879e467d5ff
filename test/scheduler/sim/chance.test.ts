import { expect, it } from 'vitest'
import { exponential, logNormal, seededChance, uniform } from '../../../src/scheduler/simulator/chance.ts'

it('draws what the reference simulator draws from the same seed', () => {
  const chance = seededChance(1)
  expect(chance.random()).toBe(0.13436424411240122)
  expect(chance.below(1000)).toBe(867)
  expect(exponential(chance.random, 2)).toBeCloseTo(0.8104139189529317, 14)
  expect(logNormal(chance.random, 0, 0.3)).toBeCloseTo(1.2897992257595992, 14)
  expect(uniform(chance.random, 3, 5)).toBeCloseTo(3.7592304466474555, 14)
})
