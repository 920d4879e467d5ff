import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/chat/error.ts'
import type { FramedEvent, Framing } from '../../../src/upstream/types.ts'
import { FRAMINGS } from '../../../src/upstream/response/framing/index.ts'
import { SAMPLES } from './samples.ts'

/** The events of a body that arrives cut at the given places; a fault becomes the last entry, as its kind. */
function read(framing: Framing, bytes: Uint8Array, cuts: number[], options?: Parameters<Framing>[0]): unknown[] {
  const framer = framing(options)
  const events: unknown[] = []
  try {
    const places = [0, ...cuts, bytes.length]
    for (let i = 1; i < places.length; i++) {
      events.push(...framer.push(bytes.subarray(places[i - 1], places[i])))
    }
    events.push(...framer.end())
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    events.push(error.kind)
  }
  return events
}

const clean = (events: unknown[]): unknown[] =>
  events.map((event) => (typeof event === 'string' ? event : JSON.parse(JSON.stringify(event))))

const everyByte = (bytes: Uint8Array): number[] =>
  Array.from({ length: Math.max(0, bytes.length - 1) }, (_, i) => i + 1)

const cutsOf = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(length), { maxLength: 12 }).map((cuts) => cuts.sort((a, b) => a - b))

describe.each(Object.entries(FRAMINGS) as [keyof typeof FRAMINGS, Framing][])('framing %s', (name, framing) => {
  describe.each(SAMPLES[name])('$what', ({ bytes, events, unwrap }) => {
    const expected: FramedEvent[] = events
    it('gives the events of a body that comes whole', () => {
      expect(clean(read(framing, bytes, [], { unwrap }))).toEqual(expected)
    })
    it('gives the same events when the body is cut once, at any byte', () => {
      for (let at = 0; at <= bytes.length; at++) {
        expect(clean(read(framing, bytes, [at], { unwrap })), `cut at ${at}`).toEqual(expected)
      }
    })
    it('gives the same events when every byte comes alone', () => {
      expect(clean(read(framing, bytes, everyByte(bytes), { unwrap }))).toEqual(expected)
    })
    it('gives the same events however the body is cut', () => {
      fc.assert(
        fc.property(cutsOf(bytes.length), (cuts) => {
          expect(clean(read(framing, bytes, cuts, { unwrap }))).toEqual(expected)
        }),
        { numRuns: 50 },
      )
    })
  })

  it('reads garbage to its end, the same however it is cut, and fails with nothing but a GatewayError', () => {
    const pieces = fc.constantFrom(
      'data:',
      ' ',
      '\n',
      '\r',
      '{',
      '}',
      '[',
      ']',
      '"',
      '\\',
      ',',
      ':',
      'event: x',
      'é',
      '\uFEFF',
      '7',
    )
    const garbage = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 60 }).map((list) => new Uint8Array(Buffer.from(list.join('')))),
    )
    fc.assert(
      fc.property(
        garbage.chain((bytes) => fc.tuple(fc.constant(bytes), cutsOf(bytes.length))),
        ([bytes, cuts]) => {
          expect(clean(read(framing, bytes, cuts))).toEqual(clean(read(framing, bytes, [])))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('damaged samples fail with nothing but a GatewayError', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SAMPLES[name]), fc.nat(), fc.nat(255), ({ bytes, unwrap }, at, value) => {
        const damaged = Uint8Array.from(bytes)
        if (damaged.length > 0) damaged[at % damaged.length] = value
        expect(clean(read(framing, damaged, everyByte(damaged), { unwrap }))).toEqual(
          clean(read(framing, damaged, [], { unwrap })),
        )
      }),
      { numRuns: 200 },
    )
  })

  it('refuses an event beyond the bound, whole or in pieces', () => {
    const long = SAMPLES[name][0] ?? expect.fail('no sample')
    expect(read(framing, long.bytes, [], { maxEvent: 3 }).at(-1)).toBe('bad_answer')
    expect(read(framing, long.bytes, everyByte(long.bytes), { maxEvent: 3 }).at(-1)).toBe('bad_answer')
  })
})
