import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { chunk, complete, stop, stream } from './say.ts'

describe('the end', () => {
  test.each<[string, Delta[], string]>([
    ['a real reason beats a later stop', [{ text: 'a' }, { finish_reason: 'length' }, stop], 'length'],
    ['a late reason beats an early stop', [stop, { text: 'a' }, { finish_reason: 'content_filter' }], 'content_filter'],
    ['tool_calls without a call is stop', [{ text: 'a' }, { finish_reason: 'tool_calls' }], 'stop'],
    ['the limit stays the limit after a call', [{ tool_call: { name: 'f' } }, { finish_reason: 'length' }], 'length'],
    ['another word for stop', [chunk({ content: 'a' }, 'eos')], 'stop'],
    ...(
      [
        ['incomplete', 'length'],
        ['abort', 'length'],
        ['cancelled', 'length'],
        ['max_completion_tokens', 'length'],
        ['repetition_truncation', 'length'],
        ['model_context_window_exceeded', 'length'],
        ['a word of tomorrow', 'length'],
        ['recitation', 'content_filter'],
        ['content_filtered', 'content_filter'],
        ['stop_limit', 'length'],
        ['incomplete_end', 'length'],
        ['endless', 'length'],
        ['STOP', 'stop'],
        ['end_of_sequence', 'stop'],
        ['eos_token', 'stop'],
        ['toolUse', 'stop'],
      ] as const
    ).map(([word, finish]): [string, Delta[], string] => [
      `${word} is ${finish}`,
      [chunk({ content: 'a' }, word)],
      finish,
    ]),
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

  test.each(['error', 'malformed_tool_use', 'function_call_filter: MALFORMED_FUNCTION_CALL'])(
    'a failure that is called %s is an error',
    (word) => {
      expect(stream([chunk({ content: 'a' }, word)]).error).toMatchObject({ code: 'failed_upstream_answer' })
      expect(() => complete([chunk({ content: 'a' }, word)])).toThrow(GatewayError)
    },
  )

  test.each(['', 'null', 'none', null])('%o is no reason', (word) => {
    expect(stream([chunk({ content: 'a' }, word)], {}, false).error).toMatchObject({ code: 'stream_interrupted' })
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

  test('rides on the end where nobody asked: a chunk without choices would surprise', () => {
    const read = stream([{ text: 'a' }, { usage: { prompt_tokens: 1 } }, stop])
    expect(read.usage).toMatchObject({ prompt_tokens: 1 })
    expect(read.chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
  })

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
