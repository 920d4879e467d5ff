import { describe, expect, test } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/completion.ts'
import { GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { against } from './openai-schema.ts'
import { readStream, type Chunk, type ReadStream } from './read-stream.ts'

const meta = { model: 'asked', created: 1_760_000_000 }
interface Asked {
  include_usage?: boolean
  legacy_functions?: boolean
  body?: Record<string, unknown>
}

/** Streams deltas to a strict client. `ended`: whether the upstream's terminator was seen. */
function stream(deltas: Delta[], asked: Asked = {}, ended = true): ReadStream {
  const request = { include_usage: false, legacy_functions: false, body: {}, ...asked }
  const writer = createChunkWriter(request, meta)
  return readStream(writer.write(structuredClone(deltas)) + writer.end(ended), request.include_usage)
}

type Message = Record<string, unknown> & {
  tool_calls?: { id: string; function: { name: string; arguments: string } }[]
}
interface Completion {
  choices: { index: number; message: Message; finish_reason: string; logprobs: unknown }[]
  usage?: Record<string, unknown>
  [field: string]: unknown
}

function complete(deltas: Delta[], asked: Asked = {}, ended = true): Completion {
  const fold = createCompletion({ legacy_functions: false, body: {}, ...asked }, meta)
  fold.take(structuredClone(deltas))
  const body = JSON.parse(JSON.stringify(fold.end(ended))) as Completion
  expect(against('CreateChatCompletionResponse', body)).toBeUndefined()
  return body
}

const chunk = (
  delta: Record<string, unknown>,
  finish: string | null = null,
  fields: Record<string, unknown> = {},
): Delta => ({
  chunk: {
    id: 'up',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'theirs',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...fields,
  },
})
const deltasOf = (read: ReadStream): Record<string, unknown>[] =>
  read.chunks.flatMap((each: Chunk) => each.choices.map((choice) => choice.delta))
const stop: Delta = { finish_reason: 'stop' }

describe('a text', () => {
  test('has its role first, its finish last, and [DONE] once', () => {
    const read = stream([{ id: 'x', model: 'theirs' }, { text: 'Hel' }, { text: 'lo' }, stop])
    expect(deltasOf(read)).toEqual([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Hel' },
      { content: 'lo' },
      {},
    ])
    expect([read.finishes.get(0), read.done, read.chunks[0]?.id, read.chunks[0]?.model]).toEqual([
      'stop',
      true,
      'x',
      'asked',
    ])
  })

  test('gets an id and a time where the upstream has none', () => {
    const read = stream([chunk({ content: 'a' }, 'stop', { id: '', created: 0 })])
    expect(read.chunks[0]?.id).toMatch(/^chatcmpl-\w{24}$/)
    expect(read.chunks[0]?.created).toBe(meta.created)
  })

  test.each(['a"b', 'line\nline', '\u2028', '\ud83d\ude00', '\\', '</script>'])('%j comes through', (text) => {
    expect(stream([{ text: 'x' }, { text }, stop]).text).toBe(`x${text}`)
    expect(stream([chunk({ content: 'x' }), chunk({ content: text }), stop]).text).toBe(`x${text}`)
  })

  test('keeps apart what it says and what it thinks', () => {
    const read = stream([{ reasoning: 'hm' }, { text: 'a' }, stop])
    expect([read.reasoning, read.text]).toEqual(['hm', 'a'])
    expect(complete([{ reasoning: 'hm' }, { text: 'a' }, stop]).choices[0]?.message).toMatchObject({
      content: 'a',
      reasoning_content: 'hm',
    })
  })

  test('is null when it refuses, and the refusal is told', () => {
    const deltas: Delta[] = [{ refusal: 'I ' }, { refusal: 'will not' }, { finish_reason: 'content_filter' }]
    expect(complete(deltas).choices[0]).toMatchObject({
      message: { content: null, refusal: 'I will not' },
      finish_reason: 'content_filter',
    })
    expect(deltasOf(stream(deltas)).slice(1)).toEqual([{ refusal: 'I ' }, { refusal: 'will not' }, {}])
  })

  test('of several choices is kept apart', () => {
    const deltas: Delta[] = [{ choice: 1, text: 'b' }, { text: 'a' }, { choice: 1, finish_reason: 'length' }, stop]
    expect([...stream(deltas).finishes]).toEqual([
      [0, 'stop'],
      [1, 'length'],
    ])
    expect(complete(deltas).choices.map(({ index, message }) => [index, message['content']])).toEqual([
      [0, 'a'],
      [1, 'b'],
    ])
  })
})

describe('tool calls', () => {
  const calls = (deltas: Delta[], asked?: Asked) => {
    const read = stream(deltas, asked)
    const message = complete(deltas, asked).choices[0]?.message
    expect(message?.tool_calls?.map(({ function: called }) => called)).toEqual(
      read.tools.map(({ name, arguments: args }) => ({ name, arguments: args })),
    )
    expect(read.finishes.get(0)).toBe('tool_calls')
    return read.tools
  }
  const wireCall = (call: Record<string, unknown>): Delta => chunk({ tool_calls: [call] })

  test('get dense indices from a vendor’s own', () => {
    const tools = calls([
      { text: 'Let me see.' },
      { tool_call: { index: 1, id: 'a', name: 'f' } },
      { tool_call: { index: 1, arguments: '{"x"' } },
      { tool_call: { index: 1, arguments: ':1}' } },
      { tool_call: { index: 4, id: 'b', name: 'g', arguments: { y: 2 } } },
      stop,
    ])
    expect(tools).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{"y":2}' },
    ])
  })

  test('that come in turns stay apart', () => {
    const tools = calls([
      { tool_call: { index: 0, id: 'a', name: 'f' } },
      { tool_call: { index: 1, id: 'b', name: 'g' } },
      { tool_call: { index: 1, arguments: '{"b":' } },
      { tool_call: { index: 0, arguments: '{"a":' } },
      { tool_call: { index: 1, arguments: '1}' } },
      { tool_call: { index: 0, arguments: '1}' } },
      stop,
    ])
    expect(tools.map((tool) => tool.arguments)).toEqual(['{"a":1}', '{"b":1}'])
  })

  test.each<[string, unknown]>([
    ['none', undefined],
    ['null', null],
    ['the word null', 'null'],
    ['an empty text', ''],
    ['an empty object', {}],
  ])('with %s for arguments have an empty object', (_, args) => {
    expect(calls([{ tool_call: { id: 'a', name: 'f', arguments: args } }, stop])).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
    ])
    expect(calls([wireCall({ index: 0, id: 'a', function: { name: 'f', arguments: args } }), stop])).toEqual([
      { id: 'a', name: 'f', arguments: '{}' },
    ])
  })

  test('get an id where the vendor has none', () => {
    const tools = calls([
      { tool_call: { name: 'f', arguments: {} } },
      { tool_call: { name: 'f', arguments: {} } },
      stop,
    ])
    expect(tools.map((tool) => tool.id)).toEqual([expect.stringMatching(/^call_/), expect.stringMatching(/^call_/)])
    expect(tools[0]?.id).not.toBe(tools[1]?.id)
  })

  test('tell id and name once, however often the upstream repeats or empties them', () => {
    const again = { index: 0, type: 'function' }
    const tools = calls([
      wireCall({ ...again, id: 'a', function: { name: 'f', arguments: '' } }),
      wireCall({ ...again, id: '', function: { name: '', arguments: '{"x":' } }),
      wireCall({ ...again, id: 'null', function: { name: null, arguments: '1' } }),
      wireCall({ ...again, id: 'a', function: { name: 'f', arguments: '}' } }),
      chunk({}, 'tool_calls'),
    ])
    expect(tools).toEqual([{ id: 'a', name: 'f', arguments: '{"x":1}' }])
  })

  test('may have their name in pieces', () => {
    const tools = calls([
      wireCall({ index: 0, id: 'a', function: { name: 'get_' } }),
      wireCall({ index: 0, function: { name: 'weather' } }),
      wireCall({ index: 0, function: { arguments: '{}' } }),
      chunk({}, 'stop'),
    ])
    expect(tools).toEqual([{ id: 'a', name: 'get_weather', arguments: '{}' }])
  })

  test('without an index are told apart by their ids', () => {
    const tools = calls([
      wireCall({ id: 'a', function: { name: 'f', arguments: '{"x":' } }),
      wireCall({ function: { arguments: '1}' } }),
      wireCall({ id: 'b', function: { name: 'f', arguments: '{}' } }),
      chunk({}, 'tool_calls'),
    ])
    expect(tools.map(({ id, arguments: args }) => [id, args])).toEqual([
      ['a', '{"x":1}'],
      ['b', '{}'],
    ])
  })

  test('that are all numbered 0 are told apart by id and name', () => {
    const tools = calls([
      wireCall({ index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }),
      wireCall({ index: 0, id: 'b', function: { name: 'g', arguments: '{"y":1}' } }),
      chunk({}, 'stop'),
    ])
    expect(tools.map((tool) => tool.name)).toEqual(['f', 'g'])
  })

  test('without a name end in an error', () => {
    expect(
      stream([wireCall({ index: 0, id: 'a', function: { arguments: '{}' } }), chunk({}, 'tool_calls')]).error?.message,
    ).toMatch(/without naming it/)
  })

  test('that say nothing are none', () => {
    expect(
      stream([
        { text: 'a' },
        wireCall({ index: 0, id: '', function: { name: '', arguments: '' } }),
        chunk({}, 'tool_calls'),
      ]).finishes.get(0),
    ).toBe('stop')
  })

  test('carry the state of a thought', () => {
    const deltas: Delta[] = [{ tool_call: { name: 'f', arguments: {}, signature: 'S' } }, stop]
    const [first] = deltasOf(stream(deltas)).slice(1)
    expect(first).toMatchObject({ tool_calls: [{ extra_content: { google: { thought_signature: 'S' } } }] })
    expect(complete(deltas).choices[0]?.message.tool_calls?.[0]).toMatchObject({
      extra_content: { google: { thought_signature: 'S' } },
    })
  })

  test('answer deprecated functions in the deprecated way', () => {
    const deltas: Delta[] = [
      { tool_call: { index: 0, id: 'a', name: 'f' } },
      { tool_call: { index: 0, arguments: '{"x":1}' } },
      stop,
    ]
    const read = stream(deltas, { legacy_functions: true })
    expect(deltasOf(read).slice(1)).toEqual([
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{"x":1}' } },
      {},
    ])
    expect(read.finishes.get(0)).toBe('function_call')
    expect(complete(deltas, { legacy_functions: true }).choices[0]).toMatchObject({
      message: { content: null, function_call: { name: 'f', arguments: '{"x":1}' } },
      finish_reason: 'function_call',
    })
  })

  test('of an upstream that only knows deprecated functions are tool calls', () => {
    const tools = calls([
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{}' } }, 'function_call'),
    ])
    expect(tools).toMatchObject([{ name: 'f', arguments: '{}' }])
  })

  test('of a custom tool that went upstream as a function are custom calls again', () => {
    const asked = { body: { tools: [{ type: 'custom', custom: { name: 'sh' } }] } }
    const deltas: Delta[] = [
      { tool_call: { index: 0, id: 'a', name: 'sh' } },
      { tool_call: { index: 0, arguments: '{"input":"l' } },
      { tool_call: { index: 0, arguments: 's"}' } },
      stop,
    ]
    expect(complete(deltas, asked).choices[0]).toMatchObject({
      message: { tool_calls: [{ id: 'a', type: 'custom', custom: { name: 'sh', input: 'ls' } }] },
      finish_reason: 'tool_calls',
    })
  })
})

describe('the end', () => {
  test.each<[string, Delta[], string]>([
    ['a real reason beats a later stop', [{ text: 'a' }, { finish_reason: 'length' }, stop], 'length'],
    ['a late reason beats an early stop', [stop, { text: 'a' }, { finish_reason: 'content_filter' }], 'content_filter'],
    ['tool_calls without a call is stop', [{ text: 'a' }, { finish_reason: 'tool_calls' }], 'stop'],
    ['the limit stays the limit after a call', [{ tool_call: { name: 'f' } }, { finish_reason: 'length' }], 'length'],
    ['an unknown word is stop', [chunk({ content: 'a' }, 'eos')], 'stop'],
    ['a model’s length is the limit', [chunk({ content: 'a' }, 'model_length')], 'length'],
    ['no word is stop after the terminator', [chunk({ content: 'a' }, '')], 'stop'],
  ])('%s', (_, deltas, finish) => {
    expect(stream(deltas).finishes.get(0)).toBe(finish)
    expect(complete(deltas).choices[0]?.finish_reason).toBe(finish)
  })

  test('no reason and no terminator is an error, not an end', () => {
    const read = stream([{ text: 'a' }], {}, false)
    expect(read.error).toMatchObject({ code: 'stream_interrupted' })
    expect([read.text, read.done, read.finishes.size]).toEqual(['a', false, 0])
    expect(() => complete([{ text: 'a' }], {}, false)).toThrow(GatewayError)
  })

  test('a reason without a terminator is an end', () =>
    expect(stream([{ text: 'a' }, stop], {}, false).done).toBe(true))

  test('nothing at all is an error', () => expect(stream([]).error).toMatchObject({ code: 'empty_upstream_answer' }))

  test('a filter that let nothing through is an answer', () => {
    expect(stream([{ finish_reason: 'content_filter' }]).finishes.get(0)).toBe('content_filter')
  })
})

describe('usage', () => {
  test('is one chunk without choices, merged key by key', () => {
    const read = stream(
      [{ usage: { prompt_tokens: 5, cached_tokens: 2 } }, { text: 'a' }, stop, { usage: { completion_tokens: 7 } }],
      { include_usage: true },
    )
    expect(read.usage).toMatchObject({
      prompt_tokens: 5,
      completion_tokens: 7,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 2 },
    })
    expect(read.chunks.at(-1)?.choices).toEqual([])
  })

  test('is not told to who did not ask', () =>
    expect(stream([{ text: 'a' }, { usage: { prompt_tokens: 1 } }, stop]).usage).toBeUndefined())

  test('is always told in a whole answer', () => {
    expect(
      complete([{ text: 'a' }, { usage: { prompt_tokens: 1, completion_tokens: 2, reasoning_tokens: 1 } }, stop]).usage,
    ).toMatchObject({
      total_tokens: 3,
      completion_tokens_details: { reasoning_tokens: 1 },
    })
  })

  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    [
      'hits of a prompt cache',
      { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 4 },
      { prompt_tokens_details: { cached_tokens: 4 } },
    ],
    [
      'cached tokens beside the rest',
      { prompt_tokens: 9, completion_tokens: 1, num_cached_tokens: 4 },
      { prompt_tokens_details: { cached_tokens: 4 } },
    ],
    ['a total that counts more', { prompt_tokens: 9, completion_tokens: 1, total_tokens: 30 }, { total_tokens: 30 }],
    ['a cost', { prompt_tokens: 9, completion_tokens: 1, cost: 0.5 }, { cost: 0.5, total_tokens: 10 }],
    [
      'nulls',
      { prompt_tokens: 9, completion_tokens: 1, total_tokens: null, prompt_tokens_details: null },
      { total_tokens: 10 },
    ],
  ])('of an OpenAI-like upstream: %s', (_, usage, expected) => {
    expect(stream([chunk({ content: 'a' }, 'stop', { usage })], { include_usage: true }).usage).toMatchObject(expected)
  })

  test('in a private envelope counts', () => {
    const read = stream(
      [chunk({ content: 'a' }, 'stop', { x_up: { id: 'r', usage: { prompt_tokens: 3, completion_tokens: 4 } } })],
      { include_usage: true },
    )
    expect(read.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 })
  })

  test('that a format worked out wins over the chunk’s own, whichever comes last', () => {
    const usage = { prompt_tokens: 3, completion_tokens: 4, completion_tokens_details: { reasoning_tokens: 5 } }
    const told: Delta = { ...chunk({ content: 'a' }, 'stop', { usage }), usage: { completion_tokens: 9 } }
    expect(stream([told, chunk({}, null, { usage })], { include_usage: true }).usage).toMatchObject({
      prompt_tokens: 3,
      completion_tokens: 9,
      total_tokens: 12,
    })
  })
})

describe('an OpenAI-like upstream', () => {
  test('may begin with a chunk that holds nothing', () => {
    const empty = {
      chunk: { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{ prompt_index: 0 }] },
    }
    const read = stream([empty, chunk({ role: 'assistant', content: '' }), chunk({ content: 'a' }), chunk({}, 'stop')])
    expect([read.text, read.chunks[0]?.id, read.chunks.length]).toEqual(['a', 'up', 3])
  })

  test('may repeat its role, its finish, and the message so far', () => {
    const both = {
      chunk: {
        choices: [
          { index: 0, delta: { role: 'assistant', content: 'b' }, message: { content: 'ab' }, finish_reason: 'stop' },
        ],
      },
    }
    expect(stream([chunk({ role: 'assistant', content: 'a' }), both, chunk({ content: '' }, 'stop')]).text).toBe('ab')
  })

  test('may send content as parts with thoughts in them', () => {
    const parts = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'a' },
      { type: 'reference', reference_ids: [1] },
    ]
    const read = stream([chunk({ content: parts }, 'stop')])
    expect([read.reasoning, read.text]).toEqual(['hm', 'a'])
  })

  test('may think in any of three fields', () => {
    const details = [{ type: 'reasoning.text', text: 'c', index: 0 }]
    const read = stream([
      chunk({ reasoning_content: 'a' }),
      chunk({ reasoning: 'b' }),
      chunk({ reasoning_details: details }),
      chunk({ content: 'x' }, 'stop'),
    ])
    expect(read.reasoning).toBe('abc')
  })

  test('has its details joined in a whole answer', () => {
    const detail = (fields: Record<string, unknown>) =>
      chunk({ reasoning_details: [{ type: 'reasoning.text', index: 0, ...fields }] })
    expect(
      complete([
        detail({ text: 'a' }),
        detail({ text: 'b' }),
        detail({ signature: 'S' }),
        chunk({ content: 'x' }, 'stop'),
      ]).choices[0]?.message,
    ).toMatchObject({
      reasoning_content: 'ab',
      reasoning_details: [{ type: 'reasoning.text', text: 'ab', signature: 'S', index: 0 }],
    })
  })

  test.each<[string, Delta, string]>([
    ['an error beside its choices', chunk({ content: '' }, 'error', { error: { code: 502, message: 'died' } }), 'died'],
    ['an error instead of a chunk', { chunk: { error: { message: 'died', type: 'server_error' } } }, 'died'],
    ['an error as text', { chunk: { error: 'died', code: 'x' } }, 'died'],
    ['an error inside a choice', { chunk: { choices: [{ index: 0, delta: {}, error: { message: 'died' } }] } }, 'died'],
    ['error as its reason to end', chunk({}, 'error'), 'did not explain'],
  ])('may report %s', (_, fault, message) => {
    const read = stream([chunk({ content: 'He' }), fault, chunk({ content: 'never' })])
    expect(read.text).toBe('He')
    expect(read.error?.message).toContain(message)
    expect(read.done).toBe(false)
    expect(() => complete([chunk({ content: 'He' }), fault])).toThrow(message)
  })

  test('keeps fields that OpenAI does not know, on the last chunk and in a whole answer', () => {
    const deltas = [chunk({ content: 'a' }, null, { citations: ['x'] }), chunk({}, 'stop', { citations: ['x', 'y'] })]
    expect(stream(deltas).chunks.at(-1)?.['citations']).toEqual(['x', 'y'])
    expect(complete(deltas)['citations']).toEqual(['x', 'y'])
  })

  test('keeps what its content filter found', () => {
    const filtered = (content_filter_results: unknown): Delta => ({
      chunk: { choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null, content_filter_results }] },
    })
    const found = { hate: { filtered: false, severity: 'safe' } }
    const deltas = [filtered({}), filtered(found), stop]
    expect(stream(deltas).chunks.at(-1)?.choices[0]).toMatchObject({
      content_filter_results: found,
      finish_reason: 'stop',
    })
    expect(complete(deltas).choices[0]).toMatchObject({ content_filter_results: found, message: { content: 'aa' } })
  })

  test('keeps its fingerprint and a tier that OpenAI knows', () => {
    const tier = (service_tier: string) =>
      complete([chunk({ content: 'a' }, 'stop', { service_tier, system_fingerprint: 'fp' })])
    expect([
      tier('default')['service_tier'],
      tier('on_demand')['service_tier'],
      tier('x')['system_fingerprint'],
    ]).toEqual(['default', undefined, 'fp'])
  })

  test('may leave out keys of its logprobs', () => {
    const logprobs = { content: [{ token: 'a', logprob: -1 }] }
    const deltas: Delta[] = [
      { chunk: { choices: [{ index: 0, delta: { content: 'a' }, logprobs, finish_reason: 'stop' }] } },
    ]
    const whole = { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }], refusal: null }
    expect(complete(deltas).choices[0]?.logprobs).toEqual(whole)
    expect(stream(deltas).chunks[1]?.choices[0]?.logprobs).toEqual(whole)
  })

  test('may speak, in pieces', () => {
    const audio = (fields: Record<string, unknown>) => chunk({ audio: { id: 'x', expires_at: 1, ...fields } })
    expect(
      complete([audio({ transcript: 'a', data: 'AA' }), audio({ transcript: 'b', data: 'BB' }), chunk({}, 'stop')])
        .choices[0]?.message,
    ).toMatchObject({
      audio: { id: 'x', transcript: 'ab', data: 'AABB', expires_at: 1 },
    })
  })

  test('may send a whole answer where a stream was wanted', () => {
    const body = {
      id: 'x',
      choices: [{ index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: '' }],
      usage: { prompt_tokens: 1, completion_tokens: 1 },
    }
    expect(stream([{ chunk: body }], { include_usage: true }, false)).toMatchObject({ text: 'a', done: true })
  })
})

describe('thoughts with opaque state', () => {
  const deltas: Delta[] = [
    { reasoning: 'h' },
    { reasoning: 'm' },
    { reasoning_state: { signature: 'S' } },
    { reasoning_state: { data: 'D' } },
    { text: 'a', signature: 'T' },
    stop,
  ]
  const details = [
    { type: 'reasoning.text', text: 'hm', signature: 'S', index: 0 },
    { type: 'reasoning.encrypted', data: 'D', index: 1 },
  ]

  test('come as details that a client can send back as they are', () => {
    expect(complete(deltas).choices[0]?.message).toMatchObject({
      reasoning_content: 'hm',
      reasoning_details: details,
      extra_content: { google: { thought_signature: 'T' } },
    })
    expect(deltasOf(stream(deltas)).flatMap((delta) => delta['reasoning_details'] ?? [])).toEqual(details)
  })
})

test('citations have OpenAI’s shape', () => {
  const annotations = [
    { type: 'url_citation', url_citation: { url: 'https://x' } },
    { type: 'file', file: {} },
  ]
  expect(complete([{ text: 'a' }, { annotations }, stop]).choices[0]?.message['annotations']).toEqual([
    { type: 'url_citation', url_citation: { url: 'https://x', start_index: 0, end_index: 0, title: '' } },
  ])
})

test('after a fault nothing more is written', () => {
  const writer = createChunkWriter({ include_usage: false, legacy_functions: false, body: {} }, meta)
  const text = writer.write([{ text: 'a' }]) + writer.fail(new GatewayError('timeout', 'Too slow.'))
  expect(readStream(text, false)).toMatchObject({
    text: 'a',
    error: { message: 'Too slow.', code: 'timeout', type: 'timeout_error' },
  })
  expect([writer.write([{ text: 'b' }]), writer.end(true), writer.fail(new GatewayError('internal', 'x'))]).toEqual([
    '',
    '',
    '',
  ])
  expect(writer.fault()?.kind).toBe('timeout')
})
