/** A stream's end is believed when a reason to stop came, and not because the server says that nothing follows. */
import { FinishReason } from '@google/genai'
import { describe, expect, it } from 'vitest'
import { replay, shippedFormat, type Recorded, type Told } from './replay.ts'

function told(format: string, ...events: (Record<string, unknown> | string)[]): Promise<Told> {
  const data = events.map((event) => {
    const name = typeof event === 'object' && typeof event['type'] === 'string' ? `event: ${event['type']}\n` : ''
    return `${name}data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`
  })
  const recorded = { ...EXCHANGE, response_text: data.join('') }
  return replay(recorded, shippedFormat(format), 0)
}

const EXCHANGE: Recorded = {
  id: 'made',
  provider: '',
  family: '',
  model: null,
  status: 200,
  response_headers: { 'content-type': 'text/event-stream' },
  stream: true,
  request: null,
  gold: {},
}

const openai = (finish_reason: unknown): Record<string, unknown> => ({
  id: 'c',
  choices: [{ index: 0, delta: { content: 'a' }, finish_reason }],
})
const gemini = (finishReason?: string): Record<string, unknown> => ({
  candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason }],
})
const start = { type: 'message_start', message: { id: 'm', model: 'c', usage: { input_tokens: 1, output_tokens: 1 } } }
const said = [
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
  { type: 'content_block_stop', index: 0 },
]

describe('a stream that ends with no reason is a cut', () => {
  it.each<[string, (Record<string, unknown> | string)[]]>([
    ['openai', [openai(null), '[DONE]']],
    ['openai-compatible', [openai('null'), '[DONE]']],
    ['anthropic', [start, ...said, { type: 'message_delta', delta: { stop_reason: null } }, { type: 'message_stop' }]],
    ['anthropic', [start, ...said, { type: 'message_stop' }]],
    ['gemini', [gemini(), '[DONE]']],
    ['cloudflare', [openai(null), '[DONE]']],
    ['openai-responses', [{ type: 'response.output_text.delta', delta: 'a' }, '[DONE]']],
  ])('%s', async (format, events) => {
    expect(await told(format, ...events)).toMatchObject({ text: 'a', error: { code: 'stream_interrupted' } })
  })
})

describe('a word that Google’s SDK knows', () => {
  it.each(Object.values(FinishReason))('%s', async (word) => {
    const parts = word === 'STOP' ? [{ text: 'a' }] : []
    const answer = await told('gemini', { candidates: [{ content: { parts }, finishReason: word }] })
    if (ERRORS.has(word)) expect(answer).toMatchObject({ error: { code: 'failed_upstream_answer' } })
    else expect(answer.finish).toBe(word === 'STOP' ? 'stop' : LENGTH.has(word) ? 'length' : 'content_filter')
  })
  const ERRORS = new Set<string>([
    'MALFORMED_FUNCTION_CALL',
    'MALFORMED_RESPONSE',
    'UNEXPECTED_TOOL_CALL',
    'TOO_MANY_TOOL_CALLS',
    'MISSING_THOUGHT_SIGNATURE',
    'IMAGE_OTHER',
    'NO_IMAGE',
  ])
  const LENGTH = new Set<string>(['MAX_TOKENS', 'CONTINUATION', 'FINISH_REASON_UNSPECIFIED'])
})

it('a failure that Groq tells beside a stop is one', async () => {
  const end = { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], x_groq: { id: 'r', error: 'over capacity' } }
  expect(await told('groq', openai(null), end, '[DONE]')).toMatchObject({ error: { message: 'over capacity' } })
})

describe('an end that is one', () => {
  it('of Cloudflare, whose own events give no reason, is [DONE]', async () => {
    expect(await told('cloudflare', { response: 'a' }, '[DONE]')).toMatchObject({ text: 'a', finish: 'stop' })
    expect(await told('cloudflare', { response: 'a' })).toMatchObject({ error: { code: 'stream_interrupted' } })
    expect(await told('cloudflare', openai('length'), '[DONE]')).toMatchObject({ finish: 'length' })
  })

  it('of a call that Claude’s code makes stands in its beginning', async () => {
    const content = [{ type: 'tool_use', id: 't', name: 'f', input: {} }]
    const message = { ...start.message, content, stop_reason: 'tool_use' }
    const answer = await told('anthropic', { ...start, message }, { type: 'message_stop' })
    expect(answer).toMatchObject({ finish: 'tool_calls', tools: [{ name: 'f' }] })
  })
})
