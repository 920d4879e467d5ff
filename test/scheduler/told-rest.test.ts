import { describe, expect, it } from 'vitest'
import { ask, provider, rpm, setUp } from './fixture.ts'

/** A key of one request a second that says to wait for a minute, whatever the reason; two such rests were kept to. */
async function setUpDoubtful() {
  const { scheduler, clock } = setUp([provider('p', [[rpm(60, { shape: 'bucket' })]])])
  const eta = () => scheduler.explain(ask())[0]?.eta ?? Number.NaN
  /** Sends one as soon as it may go, and tells how long the key rests after it. */
  const refused = async () => {
    await clock.advance(eta() + 1)
    ;(await scheduler.acquire(ask())).fail({ kind: 'rate_limit', retryAfter: 60_000, started: false })
    return Math.round(eta() / 1000)
  }
  const answered = async () => {
    await clock.advance(eta() + 1)
    ;(await scheduler.acquire(ask())).settle({})
  }
  for (let nth = 0; nth < 2; nth++) {
    expect(await refused()).toBe(60)
    await answered()
  }
  return { refused, answered }
}

describe('a rest that is told to be far longer than the limit explains', () => {
  it('is tested by one request, and kept to where that is refused', async () => {
    const { refused } = await setUpDoubtful()
    expect(await refused()).toBeLessThan(6)
    expect(await refused()).toBeGreaterThan(55)
  })

  it('is not kept to any more where that is let in', async () => {
    const { refused, answered } = await setUpDoubtful()
    for (let nth = 0; nth < 5; nth++) {
      expect(await refused()).toBeLessThan(6)
      await answered()
    }
  })

  it('is kept to again where those who ask sooner are refused', async () => {
    const { refused, answered } = await setUpDoubtful()
    await refused()
    await answered()
    const rests: number[] = []
    for (let nth = 0; nth < 9; nth++) rests.push(await refused())
    expect(rests[0]).toBeLessThan(6)
    expect(rests.slice(-3).every((rest) => rest > 55)).toBe(true)
  })
})
