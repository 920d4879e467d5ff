import { describe, expect, test } from 'vitest'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { errorBody } from '../../src/chat/error.ts'
import { against } from './openai-schema.ts'
import { isRecordedHere, recordings } from './recorded.ts'

const user = { role: 'user', content: 'Hi' }
const body = (fields: Record<string, unknown>) => ({ model: 'm', messages: [user], ...fields })
const said = (...messages: unknown[]) => body({ messages })

test.each<[string, unknown, string | null, string, RegExp]>([
  ['no body', null, null, 'invalid_type', /must be a JSON object/],
  ['a list', [], null, 'invalid_type', /must be a JSON object/],
  ['no model', { messages: [user] }, 'model', 'missing_required_parameter', /Missing required parameter: 'model'/],
  ['an empty model', body({ model: '' }), 'model', 'empty_string', /empty string/],
  ['no messages', { model: 'm' }, 'messages', 'missing_required_parameter', /'messages'/],
  ['empty messages', said(), 'messages', 'empty_array', /empty array/],
  ['messages as text', body({ messages: 'Hi' }), 'messages', 'invalid_type', /expected an array, but got a string/],
  ['a message as text', said('Hi'), 'messages[0]', 'invalid_type', /expected an object, but got a string/],
  [
    'a message without a role',
    said(user, { content: 'x' }),
    'messages[1].role',
    'missing_required_parameter',
    /messages\[1\]\.role/,
  ],
  [
    'an unknown role',
    said({ role: 'robot', content: 'x' }),
    'messages[0].role',
    'invalid_value',
    /'robot'.*'system', 'developer'/,
  ],
  [
    'content as a number',
    said({ role: 'user', content: 5 }),
    'messages[0].content',
    'invalid_type',
    /expected one of a string or an array, but got a number/,
  ],
  ['nothing from a user', said({ role: 'user' }), 'messages[0].content', 'missing_required_parameter', /content/],
  [
    'a part without a type',
    said({ role: 'user', content: [{ text: 'x' }] }),
    'messages[0].content[0].type',
    'missing_required_parameter',
    /type/,
  ],
  [
    'a text part without text',
    said({ role: 'user', content: [{ type: 'text' }] }),
    'messages[0].content[0].text',
    'missing_required_parameter',
    /text/,
  ],
  [
    'an image without a URL',
    said({ role: 'user', content: [{ type: 'image_url', image_url: {} }] }),
    'messages[0].content[0].image_url.url',
    'missing_required_parameter',
    /url/,
  ],
  [
    'a result without its call',
    said({ role: 'tool', content: 'x' }),
    'messages[0].tool_call_id',
    'missing_required_parameter',
    /tool_call_id/,
  ],
  [
    'a call without a name',
    said({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: {} }] }),
    'messages[0].tool_calls[0].function.name',
    'missing_required_parameter',
    /name/,
  ],
  [
    'temperature as text',
    body({ temperature: 'hot' }),
    'temperature',
    'invalid_type',
    /expected a number, but got a string/,
  ],
  [
    'max_tokens as a fraction',
    body({ max_tokens: 1.5 }),
    'max_tokens',
    'invalid_type',
    /expected an integer, but got a decimal/,
  ],
  ['stream as text', body({ stream: 'yes' }), 'stream', 'invalid_type', /expected a boolean/],
  ['a stop word as a number', body({ stop: [1] }), 'stop[0]', 'invalid_type', /stop\[0\]/],
  ['a tool without a type', body({ tools: [{}] }), 'tools[0].type', 'missing_required_parameter', /tools\[0\]\.type/],
  [
    'a tool without a name',
    body({ tools: [{ type: 'function', function: {} }] }),
    'tools[0].function.name',
    'missing_required_parameter',
    /name/,
  ],
  [
    'parameters as text',
    body({ tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] }),
    'tools[0].function.parameters',
    'invalid_type',
    /expected an object/,
  ],
  ['an unknown choice', body({ tool_choice: 'maybe' }), 'tool_choice', 'invalid_value', /'none', 'auto', 'required'/],
  [
    'a schema without a name',
    body({ response_format: { type: 'json_schema', json_schema: {} } }),
    'response_format.json_schema.name',
    'missing_required_parameter',
    /name/,
  ],
  ['a biased word', body({ logit_bias: { '50256': 'x' } }), 'logit_bias.50256', 'invalid_type', /number/],
])('%s is refused and named', (_, request, param, code, message) => {
  const error = checkChatRequest(request)
  expect(error).toMatchObject({
    status: 400,
    type: 'invalid_request_error',
    param,
    code,
  })
  expect(error?.message).toMatch(message)
  expect(against('ErrorResponse', error && errorBody(error))).toBeUndefined()
})

test.each<[string, unknown]>([
  ['unknown fields', body({ top_k: 3, thinking: { type: 'enabled' }, extra_body: { a: 1 } })],
  [
    'nulls for what is optional',
    body({
      temperature: null,
      tools: null,
      stop: null,
      stream_options: null,
      tool_choice: null,
      response_format: null,
    }),
  ],
  [
    'an assistant that said nothing',
    said(user, { role: 'assistant', content: null }, { role: 'assistant' }, { role: 'assistant', content: [] }),
  ],
  [
    'words of other vendors',
    body({ reasoning_effort: 'default', service_tier: 'on_demand', response_format: { type: 'regex', regex: {} } }),
  ],
  ['parts of other vendors', said({ role: 'user', content: [{ type: 'video_url', video_url: { url: 'https://x' } }] })],
  ['tools of other vendors', body({ tools: [{ type: 'web_search' }] })],
  [
    'null from everybody',
    said(user, { role: 'user', content: null }, { role: 'tool', tool_call_id: 'a', content: null }),
  ],
  ['what only the vendor knows to be out of range', body({ max_tokens: 0, temperature: -0.5, n: 100 })],
  ['a function without its type', body({ tools: [{ function: { name: 'f' } }] })],
  [
    'arguments that are an object',
    said({ role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: {} } }] }),
  ],
])('%s are taken', (_, request) => expect(checkChatRequest(request)).toBeUndefined())

test('nothing is changed on the way', () => {
  const request = body({
    temperature: 1,
    top_k: 3,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'x', extra: 1 }] }],
  })
  const before = structuredClone(request)
  expect(checkChatRequest(request)).toBeUndefined()
  expect(request).toEqual(before)
  expect(parseChatRequest(request).body).toBe(request)
})

describe.skipIf(!isRecordedHere)('recorded requests (skipped where no recordings are)', () => {
  const requests = recordings('openai-chat').filter(
    ({ request }) => (request?.['messages'] as unknown[] | undefined)?.length,
  )
  test.each(requests.map((each) => [each.id, each] as const))('%s is taken', (_, { request }) => {
    const wire = { model: 'm', ...request }
    expect(checkChatRequest(wire)).toBeUndefined()
    const parsed = parseChatRequest(wire)
    expect(parsed.messages).toHaveLength((wire as { messages?: unknown[] }).messages?.length ?? 0)
    for (const { role, name } of parsed.messages) if (role === 'tool') expect(name).toBeTruthy()
  })
})
