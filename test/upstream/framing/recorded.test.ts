import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import { createParser } from 'eventsource-parser'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FramedEvent, Framing } from '../../../src/upstream/types.ts'
import { FRAMINGS } from '../../../src/upstream/response/framing/index.ts'

const FIXTURES = join(import.meta.dirname, '../../../../shared/fixtures')
const present = existsSync(FIXTURES)
if (!present) console.warn('recorded streams are not here (../shared/fixtures): their tests are skipped')

interface Recorded {
  id: string
  framing: Framing
  bytes: Buffer
}

function recorded(): Recorded[] {
  if (!present) return []
  const files = readdirSync(FIXTURES).filter((name) => name.endsWith('.json'))
  return files.flatMap((name) => {
    const { id, response_text, response_base64 } = JSON.parse(readFileSync(join(FIXTURES, name), 'utf8')) as {
      id: string
      response_text?: string
      response_base64?: string
    }
    if (response_base64) {
      return [{ id, framing: FRAMINGS['aws-event-stream'], bytes: Buffer.from(response_base64, 'base64') }]
    }
    if (!response_text) return []
    const framing = response_text.trimStart().startsWith('[') ? FRAMINGS['json-array'] : FRAMINGS.sse
    return [{ id, framing, bytes: Buffer.from(response_text) }]
  })
}

function read(framing: Framing, bytes: Buffer, step: number): FramedEvent[] {
  const framer = framing()
  const events: FramedEvent[] = []
  for (let at = 0; at < bytes.length; at += step) events.push(...framer.push(bytes.subarray(at, at + step)))
  return [...events, ...framer.end()]
}

/** The same bytes, read by a library. */
function simply({ framing, bytes }: Recorded): string[] {
  const text = bytes.toString()
  if (framing === FRAMINGS['json-array']) return (JSON.parse(text) as unknown[]).map((item) => JSON.stringify(item))
  const data: string[] = []
  const parser = createParser({ onEvent: (event) => data.push(event.data) })
  parser.feed(text)
  // The standard drops an event that the end of the body cuts off, and servers send their last one so.
  parser.feed('\n\n')
  return data
}

describe.runIf(present)('recorded streams', () => {
  const all = recorded()

  it('are here in all three framings', () => {
    expect(new Set(all.map(({ framing }) => framing)).size).toBe(3)
  })

  it('are cut as a simple reader cuts them', () => {
    for (const one of all) {
      if (one.framing === FRAMINGS['aws-event-stream']) continue
      const list = one.framing === FRAMINGS['json-array']
      const texts = read(one.framing, one.bytes, one.bytes.length).map(({ text = '' }) =>
        list ? JSON.stringify(JSON.parse(text)) : text,
      )
      expect(texts, one.id).toEqual(simply(one))
    }
  })

  it('give the same events in single bytes and in pieces of seven', () => {
    for (const { id, framing, bytes } of all) {
      const whole = read(framing, bytes, bytes.length)
      expect(whole.length, id).toBeGreaterThan(0)
      expect(read(framing, bytes, 1), id).toEqual(whole)
      expect(read(framing, bytes, 7), id).toEqual(whole)
    }
  })
})

describe('event-stream frames', () => {
  it('are read as the codec of the AWS SDK writes them', () => {
    const codec = new EventStreamCodec(toUtf8, fromUtf8)
    const word = fc.string({ minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(fc.tuple(word, fc.json())), fc.integer({ min: 1, max: 40 }), (list, step) => {
        const frames = list.map(([name, body]) =>
          codec.encode({
            headers: {
              ':event-type': { type: 'string', value: name },
              when: { type: 'timestamp', value: new Date(0) },
              flag: { type: 'boolean', value: true },
              blob: { type: 'binary', value: new Uint8Array([1, 2]) },
              ':message-type': { type: 'string', value: 'event' },
            },
            body: fromUtf8(body),
          }),
        )
        const events = read(FRAMINGS['aws-event-stream'], Buffer.concat(frames), step)
        expect(events).toEqual(list.map(([name, text]) => ({ name, text })))
      }),
      { numRuns: 100 },
    )
  })
})
