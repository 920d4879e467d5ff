import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { withOwnCallIds } from '../../src/upstream/request/own-call-ids.ts'
import { resultsFirst } from '../../src/upstream/request/transforms/results-first.ts'
import { cpuTime } from '../cpu-time.ts'

const user = { role: 'user', content: 'Hi' }
const parse = (fields: Record<string, unknown>): ChatRequest =>
  parseChatRequest({ model: 'm', messages: [user], ...fields })
describe('messages', () => {
  const message = (wire: Record<string, unknown>) => parse({ messages: [wire] }).messages[0]
  const part = (wire: unknown) => message({ role: 'user', content: [wire] })?.content[0]

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['text is one part', { role: 'user', content: 'a' }, { content: [{ type: 'text', text: 'a' }], text: 'a' }],
    ['empty text is nothing', { role: 'user', content: '' }, { content: [] }],
    [
      'an empty part is nothing',
      {
        role: 'user',
        content: [
          { type: 'text', text: '' },
          { type: 'text', text: 'b' },
        ],
      },
      { content: [{ type: 'text', text: 'b' }], text: 'b' },
    ],
    [
      'text parts are joined',
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      { text: 'ab' },
    ],
    ['null is nothing', { role: 'assistant', content: null }, { content: [] }],
    ['a developer is the system', { role: 'developer', content: 'a' }, { role: 'system', text: 'a' }],
    ['a name stays', { role: 'user', content: 'a', name: 'ann' }, { name: 'ann' }],
    ['a refusal stays', { role: 'assistant', content: null, refusal: 'no' }, { refusal: 'no' }],
    [
      'a refusal part is a refusal',
      { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
      { refusal: 'no', content: [] },
    ],
  ])('%s', (_, wire, expected) => expect(message(wire)).toMatchObject(expected))

  test.each<[string, unknown, unknown]>([
    [
      'an image by URL',
      { type: 'image_url', image_url: { url: 'https://x/y.png', detail: 'low' } },
      { type: 'image', url: 'https://x/y.png', detail: 'low' },
    ],
    [
      'an image given as a bare string',
      { type: 'image_url', image_url: 'https://x/y.png' },
      { type: 'image', url: 'https://x/y.png' },
    ],
    [
      'an image by data URL',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'image', media_type: 'image/png', data: 'AAAA' },
    ],
    [
      'the wrong name for JPEG',
      { type: 'image_url', image_url: { url: 'data:image/jpg;base64,AAAA' } },
      { type: 'image', media_type: 'image/jpeg', data: 'AAAA' },
    ],
    [
      'upper case and parameters',
      { type: 'image_url', image_url: { url: 'DATA:Image/PNG;charset=utf-8;BASE64,AA\nAA' } },
      { type: 'image', media_type: 'image/png', data: 'AAAA' },
    ],
    [
      'percent-encoded data',
      { type: 'image_url', image_url: { url: 'data:image/svg+xml,%3Csvg/%3E' } },
      { type: 'image', media_type: 'image/svg+xml', data: Buffer.from('<svg/>').toString('base64') },
    ],
    [
      'sound',
      { type: 'input_audio', input_audio: { data: 'AAAA', format: 'mp3' } },
      { type: 'audio', media_type: 'audio/mp3', data: 'AAAA', format: 'mp3' },
    ],
    [
      'a PDF by data URL',
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
      { type: 'file', media_type: 'application/pdf', data: 'AAAA', filename: 'a.pdf' },
    ],
    [
      'a raw file by its name',
      { type: 'file', file: { file_data: 'AAAA', filename: 'a.csv' } },
      { type: 'file', media_type: 'text/csv', data: 'AAAA', filename: 'a.csv' },
    ],
    [
      'a raw file without a name',
      { type: 'file', file: { file_data: 'AAAA' } },
      { type: 'file', media_type: 'application/pdf', data: 'AAAA' },
    ],
    [
      'a file in a bucket',
      { type: 'file', file: { file_data: 's3://bucket/a.pdf', filename: 'a.pdf' } },
      { type: 'file', url: 's3://bucket/a.pdf', filename: 'a.pdf' },
    ],
    ['an uploaded file', { type: 'file', file: { file_id: 'file-1' } }, { type: 'file', file_id: 'file-1' }],
    [
      'a cache mark',
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
    ],
    [
      'OpenAI’s cache mark',
      { type: 'text', text: 'a', prompt_cache_breakpoint: { mode: 'explicit' } },
      { type: 'text', text: 'a', cache_control: { type: 'ephemeral' } },
    ],
    [
      'a kind that has no normal form',
      { type: 'video_url', video_url: { url: 'https://x' } },
      { type: 'other:video_url' },
    ],
  ])('%s', (_, wire, expected) => expect(part(wire)).toEqual(expected))

  test.each<[string, unknown, string]>([
    [
      'a broken data URL',
      { type: 'image_url', image_url: { url: 'data:image/png;base64' } },
      'messages[0].content[0].image_url.url',
    ],
    [
      'an empty data URL',
      { type: 'image_url', image_url: { url: 'data:image/png;base64,' } },
      'messages[0].content[0].image_url.url',
    ],
    [
      'something that is no URL',
      { type: 'image_url', image_url: { url: 'iVBORw0KGgo' } },
      'messages[0].content[0].image_url.url',
    ],
    ['a file of nothing', { type: 'file', file: { filename: 'a.pdf' } }, 'messages[0].content[0].file'],
  ])('%s is refused and named', (_, wire, param) => {
    expect(() => part(wire)).toThrow(expect.objectContaining({ kind: 'invalid_request', status: 400, param }))
  })
})

describe('tool calls and their results', () => {
  const call = (id: string, args: unknown) => ({
    id,
    type: 'function',
    function: { name: `tool_${id}`, arguments: args },
  })

  test.each<[string, unknown, Record<string, unknown>]>([
    ['JSON', '{"a":1}', { a: 1 }],
    ['nothing', '', {}],
    ['white space', '  ', {}],
    ['null', null, {}],
    ['the word null', 'null', {}],
    ['an object', { a: 1 }, { a: 1 }],
    ['what is not valid JSON', 'Oslo, please', { input: 'Oslo, please' }],
    ['JSON that is cut', '{"a":', { input: '{"a":' }],
    ['a list', '[1]', { input: '[1]' }],
    ['JSON in JSON', '"{\\"a\\":1}"', { a: 1 }],
  ])('arguments that are %s', (_, args, expected) => {
    const { messages } = parse({ messages: [{ role: 'assistant', tool_calls: [call('a', args)] }] })
    expect(messages[0]?.tool_calls?.[0]?.arguments).toEqual(expected)
  })

  test('parallel results out of order know their tools', () => {
    const { messages } = parse({
      messages: [
        user,
        { role: 'assistant', content: null, tool_calls: [call('a', '{}'), call('b', '{}')] },
        { role: 'tool', tool_call_id: 'b', content: '2' },
        { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: '1' }] },
      ],
    })
    expect(messages.slice(2).map(({ name, tool_call_id, text }) => [name, tool_call_id, text])).toEqual([
      ['tool_b', 'b', '2'],
      ['tool_a', 'a', '1'],
    ])
  })

  test('calls that share an id are answered in order', () => {
    const same = (name: string) => ({ id: 'x', type: 'function', function: { name, arguments: '{}' } })
    const result = { role: 'tool', tool_call_id: 'x', content: 'r' }
    const { messages } = parse({
      messages: [{ role: 'assistant', tool_calls: [same('one'), same('two')] }, result, result],
    })
    expect(messages.slice(1).map((message) => message.name)).toEqual(['one', 'two'])
  })

  test('thousands of calls that share an id, and their results, cost no more each than a few', () => {
    const same = { id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } }
    const results = Array.from({ length: 40_000 }, (_, i) => ({ role: 'tool', tool_call_id: 'x', content: `r${i}` }))
    const calls = { role: 'assistant', tool_calls: results.map(() => same) }
    const ordered = resultsFirst({})
    // by the square of them it was 3 s, and as much for the vendor's ids
    const milliseconds = cpuTime(() => {
      const own = withOwnCallIds(parse({ messages: [user, calls, ...results] }))
      expect(new Set(own.messages.map(({ tool_call_id: id }) => id)).size).toBe(results.length + 1)
      ordered(own, [])
      const one = ordered(parse({ messages: [user, { ...calls, tool_calls: [same] }, ...results] }), [])
      expect(one.messages).toHaveLength(3)
    })
    expect(milliseconds).toBeLessThan(2500)
  })

  test('a result that answers no call is refused and named', () => {
    const orphan = { role: 'tool', tool_call_id: 'zzz', content: 'r' }
    expect(() => parse({ messages: [user, orphan] })).toThrow(
      expect.objectContaining({ param: 'messages[1].tool_call_id' }),
    )
  })

  test('state that rode on a call comes back with it', () => {
    const signed = { ...call('a', '{}'), extra_content: { google: { thought_signature: 'S' } } }
    const wire = { role: 'assistant', tool_calls: [signed], extra_content: { google: { thought_signature: 'T' } } }
    const [message] = parse({ messages: [wire] }).messages
    expect([message?.tool_calls?.[0]?.signature, message?.signature]).toEqual(['S', 'T'])
  })

  test('a custom call is a call with one text', () => {
    const custom = { id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }
    const [message] = parse({ messages: [{ role: 'assistant', tool_calls: [custom] }] }).messages
    expect(message?.tool_calls).toEqual([{ id: 'a', name: 'sh', arguments: { input: 'ls' } }])
  })
})

describe('thoughts that a client sends back', () => {
  test.each<[string, Record<string, unknown>, unknown]>([
    ['as reasoning_content', { reasoning_content: 'hm' }, [{ text: 'hm' }]],
    ['as reasoning', { reasoning: 'hm' }, [{ text: 'hm' }]],
    [
      'as details with a signature',
      {
        reasoning_content: 'hm',
        reasoning_details: [{ type: 'reasoning.text', text: 'hm', signature: 'S', index: 0 }],
      },
      [{ text: 'hm', signature: 'S' }],
    ],
    [
      'as fragments of details',
      {
        reasoning_details: [
          { type: 'reasoning.text', text: 'h', index: 0 },
          { type: 'reasoning.text', text: 'm', index: 0 },
          { type: 'reasoning.text', signature: 'S', index: 0 },
        ],
      },
      [{ text: 'hm', signature: 'S' }],
    ],
    [
      'as a signature beside the text',
      { reasoning: 'hm', reasoning_details: [{ type: 'reasoning.text', signature: 'S' }] },
      [{ text: 'hm', signature: 'S' }],
    ],
    ['as data', { reasoning_details: [{ type: 'reasoning.encrypted', data: 'D', index: 0 }] }, [{ data: 'D' }]],
    ['as a summary', { reasoning_details: [{ type: 'reasoning.summary', summary: 'hm' }] }, [{ text: 'hm' }]],
    [
      'as blocks',
      {
        thinking_blocks: [
          { type: 'thinking', thinking: 'hm', signature: 'S' },
          { type: 'redacted_thinking', data: 'D' },
        ],
      },
      [{ text: 'hm', signature: 'S' }, { data: 'D' }],
    ],
    [
      'among the content',
      {
        content: [
          { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
          { type: 'text', text: 'a' },
        ],
      },
      [{ text: 'hm' }],
    ],
    ['not at all', { reasoning_content: '' }, undefined],
  ])('%s', (_, fields, expected) => {
    expect(parse({ messages: [{ role: 'assistant', content: 'a', ...fields }] }).messages[0]?.reasoning).toEqual(
      expected,
    )
  })
})
