/** Thoughts that a client drops beside its tool calls go back to the vendor that wants them. */
import { expect, it } from 'vitest'
import { play, type Reply } from '../cases/stage.ts'
import { createKeptThoughts } from '../../src/gateway/kept-thoughts.ts'
import type { Delta } from '../../src/chat/delta.ts'
import type { Message } from '../../src/chat/request.ts'

const tools = [{ type: 'function', function: { name: 'f' } }]
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
const question = { role: 'user', content: 'x' }

const WHOLE: Reply = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', reasoning_content: 'I plan', tool_calls: [call] },
        finish_reason: 'tool_calls',
      },
    ],
  }),
}

const STREAMED: Reply = {
  status: 200,
  headers: { 'content-type': 'text/event-stream' },
  body: [
    { delta: { reasoning_content: 'I ' } },
    { delta: { reasoning_content: 'plan' } },
    { delta: { tool_calls: [{ index: 0, ...call }] } },
    { delta: {}, finish_reason: 'tool_calls' },
  ]
    .map((choice) => JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] }))
    .concat('[DONE]')
    .map((data) => `data: ${data}\n\n`)
    .join(''),
}

it.each<[format: string, stream: boolean, field?: string]>([
  ['deepseek', false],
  ['deepseek', true],
  ['moonshot', true],
  ['zhipu', false],
  ['openrouter', true, 'reasoning'],
  // where it told them, of a server that nobody knows
  ['openai-compatible', true],
  ['fireworks', false],
])('%s, streamed: %s', async (format, stream, field = 'reasoning_content') => {
  const providers = { p: { format, base_url: 'http://127.0.0.1:PORT', keys: ['key-00000001'] } }
  const history = [
    question,
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'call_1', content: '1' },
  ]
  const requests = [
    { model: 'p/m', stream, tools, messages: [question] },
    { model: 'p/m', stream, tools, messages: history },
  ]
  const { sent } = await play({ providers }, requests, [stream ? STREAMED : WHOLE])
  const [, answer] = (sent[1]?.body['messages'] ?? []) as Record<string, unknown>[]
  expect(answer).toMatchObject({ role: 'assistant', [field]: 'I plan' })
})

async function tell(
  kept: ReturnType<typeof createKeptThoughts>,
  id: string,
  text: string,
  client: string,
): Promise<void> {
  async function* answer(): AsyncGenerator<Delta[]> {
    yield [{ reasoning: text }]
    yield [{ tool_call: { id, name: 'f', arguments: '{}' } }]
  }
  const request = { tools: [{ name: 'f' }] }
  for await (const _ of kept.watch(answer(), request, client)) continue
}

it('are given to no call whose id another of the history has', async () => {
  const kept = createKeptThoughts()
  await tell(kept, 'x', 'plan', 'ann')
  const call = (id: string): Message => {
    const tool_calls = [{ id, name: 'f', arguments: {} }]
    return { role: 'assistant', content: [], wire: {}, tool_calls }
  }
  expect(kept.restore([call('x')], 'ann')[0]?.reasoning).toEqual([{ text: 'plan' }])
  const shared = [call('x'), call('x')]
  expect(kept.restore(shared, 'ann')).toEqual(shared)
})

it('are kept for the client that heard them, and the oldest are forgotten', async () => {
  const kept = createKeptThoughts(10)
  const restored = (id: string, client: string): unknown => {
    const message = { role: 'assistant', content: [], wire: {}, tool_calls: [{ id, name: 'f', arguments: {} }] }
    return kept.restore([message as Message], client)[0]?.reasoning
  }
  await tell(kept, 'a', 'aaaa', 'me')
  await tell(kept, 'b', 'bbbb', 'me')
  expect(restored('a', 'me')).toEqual([{ text: 'aaaa' }])
  expect(restored('a', 'other')).toBeUndefined()
  await tell(kept, 'c', 'cccc', 'me')
  expect(['a', 'b', 'c'].map((id) => restored(id, 'me'))).toEqual([undefined, [{ text: 'bbbb' }], [{ text: 'cccc' }]])
})
