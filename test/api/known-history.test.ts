import { expect, describe, it } from 'vitest'
import * as fc from 'fast-check'
import { completed, createKnownParts, type KnownParts } from '../../src/api/http/known/known-parts.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { estimateInput } from '../../src/gateway/estimate.ts'

type Map = Record<string, unknown>

const long = (about: string): string => `${about}: "x\\n" é [{ \u2019 }]\n`.repeat(60)
const question = (n: number): Map => ({ role: 'user', content: long(`question ${n}`) })
/** A turn in which a tool was called: its call, its result, and what was said then. */
const turn = (n: number): Map[] => [
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id: `call_${n}`, type: 'function', function: { name: `read${n}`, arguments: `{"n":${n}}` } }],
  },
  { role: 'tool', tool_call_id: `call_${n}`, content: long(`result ${n}`) },
  { role: 'assistant', content: [{ type: 'text', text: long(`answer ${n}`) }] },
]
const turns = (count: number): Map[] => [
  { role: 'system', content: 'Be brief.' },
  question(0),
  ...Array.from({ length: count }, (_, n) => [...turn(n), question(n + 1)]).flat(),
]
const bytes = (body: unknown): Buffer => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))

function parts(): KnownParts {
  return createKnownParts((learn) => learn())
}

/** As a server reads it that saw each conversation's beginning before. */
function read(known: KnownParts, json: Buffer): { body: unknown; count: number } {
  const found = known.read(json)
  const count = found?.history?.items.length ?? 0
  let body: unknown
  try {
    body = found ? completed(found) : JSON.parse(json.toString())
  } catch {
    return { body: undefined, count }
  }
  known.learn(json, body, found)
  if (!found?.history) known.learn(json, body, found)
  return { body, count }
}

describe('a conversation that goes on', () => {
  it('is known as far as it came before, and is the same body', () => {
    const known = parts()
    let before = 0
    for (let n = 2; n < 12; n++) {
      const body = { model: 'fast', messages: turns(n), tools: [{ type: 'function', function: { name: `t${n}` } }] }
      const { body: got, count } = read(known, bytes(body))
      expect(got).toEqual(body)
      expect(count).toBe(before)
      before = body.messages.length
    }
  })

  it('is learnt when it comes again, as nothing is to be won from one that does not', () => {
    const known = parts()
    const [first, second, third] = [3, 4, 5].map((n) => bytes({ messages: turns(n) }))
    for (const json of [first, second]) {
      expect(known.read(json as Buffer)).toBeUndefined()
      known.learn(json as Buffer, JSON.parse(String(json)), undefined)
    }
    expect(known.read(third as Buffer)?.history?.items).toHaveLength(turns(4).length)
  })

  it('has one object for each message that came before', () => {
    const known = parts()
    for (const n of [3, 4]) read(known, bytes({ model: 'fast', messages: turns(n) }))
    const [first, second] = [5, 6].map((n) => read(known, bytes({ messages: turns(n) })).body as { messages: Map[] })
    expect(second?.messages[4]).toBe(first?.messages[4])
  })

  it('is known where other fields stand before it, and with space between its marks', () => {
    const known = parts()
    read(known, bytes({ model: 'fast', messages: turns(3) }))
    expect(read(known, bytes({ model: 'another', temperature: 0, messages: turns(4) })).count).toBe(14)
    const spaced = JSON.stringify({ model: 'fast', messages: turns(3) }, null, 1)
    read(known, bytes(spaced))
    expect(read(known, bytes(spaced)).count).toBe(14)
  })

  it('is known up to where it was changed', () => {
    const known = parts()
    const messages = turns(4)
    read(known, bytes({ messages }))
    const changed = messages.with(9, { role: 'user', content: 'another' })
    const { body, count } = read(known, bytes({ messages: changed }))
    expect(body).toEqual({ messages: changed })
    expect(count).toBe(9)
    // both go on
    expect(read(known, bytes({ messages: [...messages, question(9)] })).count).toBe(messages.length)
    expect(read(known, bytes({ messages: [...changed, question(9)] })).count).toBe(messages.length)
  })

  it.each(['input', 'contents'])('is known under the name %s', (list) => {
    const known = parts()
    read(known, bytes({ [list]: turns(3) }))
    expect(read(known, bytes({ [list]: turns(4) })).count).toBe(14)
  })

  it('is forgotten when many others came', () => {
    const known = parts()
    const of = (n: number): Buffer => bytes({ messages: [{ role: 'system', content: `${n}` }, ...turns(3)] })
    for (let n = 0; n < 64; n++) read(known, of(n))
    expect(read(known, of(0)).count).toBe(15)
    const big = (n: number): Buffer =>
      bytes({ messages: [question(n), { role: 'user', content: 'y'.repeat(1_500_000) }] })
    for (let n = 100; n < 112; n++) {
      read(known, big(n))
      expect(read(known, big(n)).count).toBe(2)
    }
    expect(known.read(of(0))).toBeUndefined()
  })

  it('gives the same normal form and the same estimate', () => {
    const known = parts()
    for (const n of [3, 3, 3, 5, 5, 5, 9, 9, 9]) {
      const text = JSON.stringify({ model: 'fast', messages: turns(n) })
      const request = parseChatRequest(read(known, bytes(text)).body as Map)
      const plain = parseChatRequest(JSON.parse(text) as Map)
      expect(request).toEqual(plain)
      expect(estimateInput(request)).toBe(estimateInput(plain))
    }
  })

  it('changes nothing of what any body says', () => {
    const known = parts()
    const whole = JSON.stringify(turns(3)).slice(1, -1)
    const texts = fc.constantFrom(
      '{"messages":[@]}',
      '{"messages":[@,{"role":"user"}]}',
      '{"messages":[{"role":"user"},@]}',
      '{"messages":[@,@]}',
      '{"messages":[[@]]}',
      '{"messages":[@],"messages":[]}',
      '{"messages":[],"messages":[@]}',
      '{"a":{"messages":[@]}}',
      '{"a":{"messages":[@]},"messages":[@]}',
      '{"a":[@],"messages":[@]}',
      '{"messages":[@,1]}',
      '{"messages":[@]',
      '{"messages":[@,]}',
      '{"messages": [ @ ] }',
      '{"input":[@],"messages":[@]}',
      '{"messages":{"messages":[@]}}',
      '[{"messages":[@]}]',
      '{"messages":"[@]"}',
    )
    const cut = fc.tuple(fc.nat({ max: whole.length }), fc.constantFrom('', '"', '}', ',', '\\', 'x', '{"a":1},'))
    fc.assert(
      fc.property(texts, fc.option(cut), (text, change) => {
        const [at, put] = change ?? [0, '']
        const json = bytes(
          text.replaceAll('@', () => whole.slice(0, at) + put + whole.slice(change && put === '' ? at + 1 : at)),
        )
        let expected: unknown
        try {
          expected = JSON.parse(json.toString())
        } catch {
          expected = undefined
        }
        expect(read(known, json).body).toEqual(expected)
      }),
      { numRuns: 600 },
    )
  })
})
