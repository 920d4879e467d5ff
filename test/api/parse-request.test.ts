import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/parse.ts'
import type { ChatRequest } from '../../src/chat/request.ts'

const user = { role: 'user', content: 'Hi' }
const parse = (fields: Record<string, unknown>): ChatRequest =>
  parseChatRequest({ model: 'm', messages: [user], ...fields })
const weather = {
  type: 'function',
  function: { name: 'weather', description: 'Tells it.', parameters: { type: 'object' } },
}

describe('numbers and words', () => {
  test.each<[string, Record<string, unknown>, Partial<ChatRequest>]>([
    ['the newer limit wins over the older', { max_tokens: 5, max_completion_tokens: 7 }, { max_tokens: 7 }],
    ['the older limit serves alone', { max_tokens: 5, max_completion_tokens: null }, { max_tokens: 5 }],
    ['one stop word is a list', { stop: 'END' }, { stop: ['END'] }],
    ['several stop words stay', { stop: ['a', 'b'] }, { stop: ['a', 'b'] }],
    ['no stop word is none', { stop: null }, { stop: undefined }],
    ['an empty list of stop words is none', { stop: [] }, { stop: undefined }],
    [
      'null says nothing',
      { temperature: null, top_p: null, seed: null, user: null },
      { temperature: undefined, seed: undefined },
    ],
    ['zero says zero', { temperature: 0, presence_penalty: 0 }, { temperature: 0, presence_penalty: 0 }],
    ['plain text is no form', { response_format: { type: 'text' } }, { response_format: undefined }],
    ['JSON is a form', { response_format: { type: 'json_object' } }, { response_format: { type: 'json_object' } }],
    [
      'a schema is flattened',
      {
        response_format: { type: 'json_schema', json_schema: { name: 'n', strict: null, schema: { type: 'object' } } },
      },
      { response_format: { type: 'json_schema', name: 'n', schema: { type: 'object' } } },
    ],
    [
      'a usage chunk is asked for',
      { stream: true, stream_options: { include_usage: true } },
      { stream: true, include_usage: true },
    ],
    [
      'a usage chunk needs a stream',
      { stream_options: { include_usage: true } },
      { stream: false, include_usage: false },
    ],
    [
      'documented fields are options',
      { store: true, metadata: { a: 'b' }, prompt_cache_key: 'k' },
      { options: { store: true, metadata: { a: 'b' }, prompt_cache_key: 'k' }, extra: {} },
    ],
    [
      'unknown fields are the vendor’s',
      { top_k: 3, safetySettings: [] },
      { extra: { top_k: 3, safetySettings: [] }, options: {} },
    ],
    ['extra_body is opened', { extra_body: { top_k: 3, a: 1 }, a: 2 }, { extra: { top_k: 3, a: 2 } }],
  ])('%s', (_, fields, expected) => expect(parse(fields)).toMatchObject(expected))
})

describe('tools', () => {
  test('a function tool is flattened and left to the model', () => {
    expect(parse({ tools: [weather] })).toMatchObject({
      tools: [weather.function],
      tool_choice: 'auto',
      legacy_functions: false,
    })
  })

  test('a choice among no tools is dropped', () => {
    const { tools, tool_choice, parallel_tool_calls } = parse({
      tools: [],
      tool_choice: 'auto',
      parallel_tool_calls: true,
    })
    expect([tools, tool_choice, parallel_tool_calls]).toEqual([undefined, undefined, undefined])
  })

  test.each<[unknown, unknown]>([
    ['none', 'none'],
    ['required', 'required'],
    ['any', 'required'],
    [null, 'auto'],
    [{ type: 'function', function: { name: 'weather' } }, { name: 'weather' }],
    [{ type: 'custom', custom: { name: 'weather' } }, { name: 'weather' }],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'required', tools: [{ type: 'function', function: { name: 'weather' } }] },
      },
      { mode: 'required', names: ['weather'] },
    ],
  ])('tool_choice %j is %j', (choice, expected) => {
    expect(parse({ tools: [weather], tool_choice: choice }).tool_choice).toEqual(expected)
  })

  test('a custom tool is a function with one text', () => {
    const format = { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } }
    const [tool] =
      parse({ tools: [{ type: 'custom', custom: { name: 'sh', description: 'Runs.', format } }] }).tools ?? []
    expect(tool).toMatchObject({
      name: 'sh',
      parameters: { required: ['input'], properties: { input: { type: 'string' } } },
    })
    expect(tool?.description).toContain('lark grammar:\nstart: "x"')
  })

  test('a tool of a vendor’s own kind is kept apart', () => {
    const search = { type: 'web_search', web_search: { enable: true } }
    expect(parse({ tools: [weather, search] })).toMatchObject({ tools: [weather.function], vendor_tools: [search] })
  })

  test('deprecated functions are lifted, their results find their calls', () => {
    const request = parse({
      functions: [weather.function],
      function_call: { name: 'weather' },
      messages: [
        user,
        { role: 'assistant', content: null, function_call: { name: 'weather', arguments: '{"city":"Oslo"}' } },
        { role: 'function', name: 'weather', content: '4C' },
      ],
    })
    expect(request).toMatchObject({
      tools: [weather.function],
      tool_choice: { name: 'weather' },
      legacy_functions: true,
    })
    const id = request.messages[1]?.tool_calls?.[0]?.id
    expect(id).toBeTruthy()
    expect(request.messages[2]).toMatchObject({ role: 'tool', name: 'weather', tool_call_id: id, text: '4C' })
  })
})

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
    ['what is no JSON', 'Oslo, please', { input: 'Oslo, please' }],
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
