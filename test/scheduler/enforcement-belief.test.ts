import { describe, expect, it } from 'vitest'
import {
  createBelief,
  type EnforcementBelief,
  noteRefused,
  noteSent,
  noteUnanswered,
  relax,
} from '../../src/scheduler/limit-learning/enforcement-belief.ts'
import { seededChance } from '../../src/scheduler/simulator/chance.ts'

const MINUTES = 20
/** Milliseconds between two requests, until a refusal and until an answer. */
const EVERY = 100
const REFUSED_AFTER = 50
const ANSWERED_AFTER = 3000

/** Requests crowd by chance, up to what is believed; `refuses` tells who is refused. */
function live(seed: number, refuses: (crowd: number, random: () => number) => boolean): EnforcementBelief {
  const { random } = seededChance(seed)
  const belief = createBelief({ metric: 'requests', amount: 600, period: 60_000, shape: 'bucket' }, 0)
  const due: { at: number; happen: (now: number) => void }[] = []
  for (let now = 0; now < MINUTES * 60_000; now += EVERY) {
    due.sort((a, b) => a.at - b.at)
    while (due[0] && due[0].at <= now) {
      const { at, happen } = due.shift() as (typeof due)[0]
      happen(at)
    }
    const crowd = Math.min(belief.most, 12 * random() ** 3)
    noteSent(belief, crowd, now)
    const isRefused = refuses(crowd, random)
    due.push({
      at: now + (isRefused ? REFUSED_AFTER : ANSWERED_AFTER),
      happen: (at) => {
        if (isRefused) {
          noteUnanswered(belief, crowd)
          noteRefused(belief, crowd, at)
        } else relax(belief, at)
      },
    })
  }
  return belief
}

const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1)

describe('what is believed of a limit', () => {
  it('is no finer part where refusals have nothing to do with crowding, though they come before the answers', () => {
    const held = SEEDS.filter((seed) => live(seed, (_, random) => random() < 0.03).most < 3)
    expect(held).toEqual([])
  })

  it('is the finer part that is enforced, also beside refusals of another kind', () => {
    for (const noise of [0, 0.01]) {
      for (const seed of SEEDS) {
        const { most } = live(seed, (crowd, random) => crowd > 3 || random() < noise)
        expect(most).toBeGreaterThan(2)
        expect(most).toBeLessThan(5)
      }
    }
  })
})
