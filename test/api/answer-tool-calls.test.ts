import { describe, expect, test } from 'vitest'
import type { Delta } from '../../src/chat/delta.ts'
import { chunk, complete, deltasOf, stop, stream, type Asked } from './say.ts'

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

  test('of one list that share an id get ids of their own', () => {
    const call = (n: number, index?: number): Record<string, unknown> => ({
      ...(index !== undefined && { index }),
      id: 'a',
      function: { name: 'f', arguments: `{"n":${n}}` },
    })
    for (const tools of [
      calls([chunk({ tool_calls: [call(1), call(2), call(1)] }), stop]),
      calls([wireCall(call(1, 0)), wireCall(call(2, 1)), stop]),
    ]) {
      expect(tools.map((tool) => tool.arguments)).toEqual(['{"n":1}', '{"n":2}'])
      expect(tools.map(({ id }) => id)).toEqual(['a', expect.stringMatching(/^call_/)])
    }
  })

  test('whose pieces come several in a list, each with the id, are one call each', () => {
    const piece = (text: string, name?: string): Record<string, unknown> => ({
      index: 0,
      id: 'a',
      function: { arguments: text, ...(name !== undefined && { name }) },
    })
    for (const lists of [
      [[piece('{"x"', 'f'), piece(':1}')]],
      [[piece('', 'f'), piece('{"x":1}', 'f')]],
      [[piece('', 'f')], [piece('{"x"'), piece(':1}')]],
    ]) {
      const tools = calls([...lists.map((list) => chunk({ tool_calls: list })), stop])
      expect(tools).toEqual([{ id: 'a', name: 'f', arguments: '{"x":1}' }])
    }
  })

  test('that are told once more as a whole are told once', () => {
    const tools = calls([
      wireCall({ index: 0, id: 'a', function: { name: 'f', arguments: '' } }),
      wireCall({ index: 0, function: { arguments: '{"x":' } }),
      wireCall({ index: 0, function: { arguments: '1}' } }),
      wireCall({ index: 0, id: 'a', function: { name: 'f', arguments: '{"x": 1}' } }),
      wireCall({ index: 1, id: 'b', function: { name: 'g', arguments: '{' } }),
      wireCall({ index: 1, id: 'b', function: { name: 'g', arguments: '"y":' } }),
      wireCall({ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }),
      wireCall({ index: 1, id: 'b', function: { name: 'g', arguments: '}' } }),
      stop,
    ])
    expect(tools.map((tool) => tool.arguments)).toEqual(['{"x":1}', '{"y":{}}'])
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

  test('carry state that comes late', () => {
    const [, late] = deltasOf(
      stream([
        { tool_call: { index: 0, name: 'f', arguments: '{}' } },
        { tool_call: { index: 0, signature: 'S' } },
        stop,
      ]),
    ).slice(1)
    expect(late).toEqual({
      tool_calls: [{ index: 0, function: { arguments: '' }, extra_content: { google: { thought_signature: 'S' } } }],
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
