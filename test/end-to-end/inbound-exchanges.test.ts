/** Every recorded exchange by each client API beside chat completions. Byte by byte: split-answers.test.ts, `npm run exchanges`. */
import { describe, expect, it } from 'vitest'
import { isPresent, judgeFor, refusals } from './judges.ts'

if (!isPresent) console.warn('skipped: the judge of the inbound APIs is not beside this checkout (../shared)')

const APIS = ['messages', 'responses', 'gemini', 'embeddings', 'completions']

describe.skipIf(!isPresent).concurrent.each(APIS)('%s over every recorded upstream', (api) => {
  it('says what each upstream said, and sends what each client said', { timeout: 120_000 }, async () => {
    const output = await judgeFor(api)
    expect(refusals(output)).toEqual([])
    expect(output).toMatch(/\d+\/\d+ exact/)
  })
})
