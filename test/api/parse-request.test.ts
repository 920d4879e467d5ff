import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
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

  test.each([{}, { tools: [] }, { tools: [{ type: 'web_search' }] }])(
    'a tool that is named among %j is refused',
    (given) => {
      const choice = { type: 'function', function: { name: 'weather' } }
      expect(() => parse({ ...given, tool_choice: choice })).toThrow(
        "Tool choice 'weather' not found in 'tools' parameter.",
      )
      expect(() => parse({ ...given, function_call: { name: 'weather' } })).toThrow("'weather' not found")
    },
  )

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
