/** What recorded answers of many vendors cost, against costs reckoned by hand from the vendors' own usage. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { createUsageMeter, type RoutePrice } from '../../src/gateway/usage-meter.ts'
import { answerDeltas } from '../../src/upstream/response/answer-deltas.ts'
import { isRecordedHere } from '../api/recorded.ts'
import { bytesOf, formatsOf, reads, shippedFormat, type Recorded } from '../formats/replay.ts'
import { COSTS, PRICES } from './hand-computed.ts'

function priceOf(model: string): RoutePrice | undefined {
  const price = PRICES[model]
  return price && { price, isOwn: true }
}

const folder = new URL('../../../shared/fixtures/', import.meta.url)

describe.skipIf(!isRecordedHere)('recorded answers (skipped where no recordings are)', () => {
  test('are many, of many vendors', () => expect(COSTS.length).toBeGreaterThanOrEqual(40))

  test.each(COSTS)('%s at the price of %s costs %d dollars', async (id, name, dollars) => {
    const recorded = JSON.parse(readFileSync(new URL(`${id}.json`, folder), 'utf8')) as Recorded
    const price = PRICES[name]
    for (const format of formatsOf(recorded)) {
      const meter = createUsageMeter(price && { price, isOwn: true }, undefined, { priceOf })
      const { status, response_headers: headers, stream } = recorded
      const answer = { status, headers, body: reads(bytesOf(recorded), 0) }
      const request = parseChatRequest({ model: 'any', messages: [{ role: 'user', content: 'hi' }], stream })
      const bounds = { event: 1 << 24, answer: 1 << 26 }
      for await (const deltas of await answerDeltas(answer, request, shippedFormat(format), bounds)) meter.see(deltas)
      expect(meter.read().cost).toBeCloseTo(dollars, 12)
    }
  })
})
