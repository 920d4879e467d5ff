import { expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { Delta } from '../../src/chat/delta.ts'
import type { Message } from '../../src/chat/request.ts'
import { complete, deltasOf, stop, stream } from './say.ts'

/** What an upstream said, with all the opaque state that it wants back. */
const said: Delta[] = [
  { reasoning: 'First ' },
  { reasoning: 'thought.' },
  { reasoning_state: { signature: 'sig-1' } },
  { reasoning_state: { data: 'only-the-vendor-reads-this' } },
  { reasoning: 'Second thought.' },
  { reasoning_state: { signature: 'sig-2' } },
  { text: 'Let me look.', signature: 'sig-text' },
  { tool_call: { index: 7, id: 'call_a', name: 'weather', signature: 'sig-call' } },
  { tool_call: { index: 7, arguments: '{"city":' } },
  { tool_call: { index: 7, arguments: '"Oslo"}' } },
  { tool_call: { id: 'call_b', name: 'time' } },
  stop,
]

const understood = {
  role: 'assistant',
  text: 'Let me look.',
  signature: 'sig-text',
  reasoning: [
    { text: 'First thought.', signature: 'sig-1' },
    { data: 'only-the-vendor-reads-this' },
    { text: 'Second thought.', signature: 'sig-2' },
  ],
  tool_calls: [
    { id: 'call_a', name: 'weather', arguments: { city: 'Oslo' }, signature: 'sig-call' },
    { id: 'call_b', name: 'time', arguments: {} },
  ],
}

function sentBack(message: Record<string, unknown>): Message | undefined {
  const results = ['call_b', 'call_a'].map((id) => ({ role: 'tool', tool_call_id: id, content: 'x' }))
  const { messages } = parseChatRequest({
    model: 'm',
    messages: [{ role: 'user', content: 'Hi' }, message, ...results],
  })
  expect(messages.slice(2).map(({ name }) => name)).toEqual(['time', 'weather'])
  return messages[1]
}

test('a whole answer that a client sends back is understood, opaque state and all', () => {
  expect(sentBack(complete(said).choices[0]?.message ?? {})).toMatchObject(understood)
})

test('a stream that a client gathers and sends back is understood, opaque state and all', () => {
  expect(sentBack(gather(deltasOf(stream(said))))).toMatchObject(understood)
})

test('deprecated functions are understood when they are sent back', () => {
  const { message } = complete(said, { legacy_functions: true }).choices[0] ?? {}
  const result = { role: 'function', name: 'weather', content: '4C' }
  const { messages } = parseChatRequest({ model: 'm', messages: [message, result] })
  expect(messages[0]?.tool_calls).toMatchObject([{ name: 'weather', arguments: { city: 'Oslo' } }])
  expect(messages[1]).toMatchObject({ name: 'weather', tool_call_id: messages[0]?.tool_calls?.[0]?.id })
})

/** As SDKs do that know nothing of a field: texts are joined, lists with an index merged by it, objects key by key. */
function gather(deltas: Record<string, unknown>[]): Record<string, unknown> {
  const whole: Record<string, unknown> = {}
  for (const delta of deltas) merge(whole, delta)
  return whole
}

function merge(whole: Record<string, unknown>, more: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(more)) {
    const before = whole[key]
    if (before === undefined || before === null) whole[key] = structuredClone(value)
    else if (key === 'index' || key === 'type') continue
    else if (typeof before === 'string' && typeof value === 'string') whole[key] = before + value
    else if (Array.isArray(before) && Array.isArray(value))
      value.forEach((item: Indexed) => mergeItem(before as Indexed[], item))
    else if (isObject(before) && isObject(value)) merge(before, value)
  }
}

type Indexed = Record<string, unknown> & { index?: number }

function mergeItem(list: Indexed[], item: Indexed): void {
  const same = list.find((each) => each.index === item.index)
  if (same === undefined) list.push(structuredClone(item))
  else merge(same, item)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
