import { createParser } from 'eventsource-parser'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sse } from '../../../src/upstream/response/framing/sse.ts'

/** Lines that the standard gives a meaning to; bare JSON and `error:` fields are ours alone, beside the standard. */
const line = fc.oneof(
  fc.constantFrom(
    '',
    '',
    ': comment',
    ':',
    'data',
    'data:',
    'event:',
    'id: 7',
    'retry: 10',
    'unknown: x',
    'data:  two',
  ),
  fc.string({ unit: fc.constantFrom('a', ' ', ':', 'é', '{', '}', '"') }).map((text) => `data: ${text}`),
  fc.constantFrom('message', 'ping', 'content_block_delta').map((name) => `event: ${name}`),
)
const body = fc
  .tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom('\n', '\r\n', '\r'), fc.boolean())
  .map(([lines, end, hasMark]) => `${hasMark ? '\uFEFF' : ''}${lines.map((text) => text + end).join('')}${end}`)

describe('server-sent events', () => {
  it('are the same events as an EventSource gives', () => {
    fc.assert(
      fc.property(body, fc.array(fc.nat(400), { maxLength: 8 }), (text, cuts) => {
        const expected: unknown[] = []
        createParser({ onEvent: ({ event, data }) => expected.push([event, data]) }).feed(text)
        const bytes = Buffer.from(text)
        const framer = sse()
        const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
        const events = places.slice(1).flatMap((end, i) => framer.push(bytes.subarray(places[i], end)))
        events.push(...framer.end())
        expect(events.map((event) => [event.name, event.text])).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})
