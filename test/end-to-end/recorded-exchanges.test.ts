/** Every recorded exchange by chat completions. Byte by byte: test/formats/recorded.test.ts, `npm run exchanges`. */
import { describe, expect, it } from 'vitest'
import { FAMILIES_OF_CHAT, isPresent, judge, refusals } from './judges.ts'

if (!isPresent) console.warn('skipped: the recorded exchanges are not beside this checkout (../shared)')

describe.skipIf(!isPresent)('every recorded exchange through a running server', () => {
  it('comes out as its provider meant it', { timeout: 120_000 }, async () => {
    const output = await judge('--families', FAMILIES_OF_CHAT)
    expect(refusals(output)).toEqual([])
    expect(output).toMatch(/exchanges exact \(100\.0 %\)/)
  })
})
