import { describe, expect, it } from 'vitest'
import { createYoungLimit } from '../../src/cli/serving/young-generation.ts'

const MB = 1024 * 1024

/** Collections at such moments, in milliseconds; whether V8 may let more pile up behind each. */
function grown(size: () => number, collections: [now: number, isMajor?: boolean][]): boolean[] {
  let may = true
  const limit = createYoungLimit({ size, letGrow: (now) => (may = now) })
  return collections.map(([now, isMajor = false]) => {
    limit.collected(isMajor, now)
    return may
  })
}

const majors = (first: number, every: number, count: number): [number, boolean][] =>
  Array.from({ length: count }, (_, n) => [first + n * every, true])

describe('what is young', () => {
  it('grows up to a bound, and again once a collection of all has made it small', () => {
    // small ones are not looked at once it may grow no more
    const sizes = [2, 8, 8, 2].map((size) => size * MB)
    expect(grown(() => sizes.shift() ?? 0, [[0], [10], [20], [5000, true], [10_000, true]])).toEqual([
      true,
      false,
      false,
      false,
      true,
    ])
  })

  it('has no bound while the whole heap is collected again and again, and for some seconds more', () => {
    const size = (): number => 8 * MB
    expect(grown(size, majors(0, 400, 5))).toEqual([false, false, false, true, true])
    expect(grown(size, [...majors(0, 400, 4), [11_100], [11_300]]).slice(-2)).toEqual([true, false])
    // each further one is another reason
    expect(grown(size, [...majors(0, 400, 4), [9000, true], [18_000], [19_100]]).slice(-3)).toEqual([true, true, false])
  })

  it('has its bound where that happens now and then', () => {
    expect(grown(() => 8 * MB, majors(0, 1000, 20))).not.toContain(true)
  })
})
