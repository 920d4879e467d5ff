import { describe, expect, test } from 'vitest'
import type { Delta } from '../../src/chat/delta.ts'
import { chunk, complete, stop, stream } from './say.ts'

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

  test('may send thoughts as a summary of several texts', () => {
    const summary = [
      { type: 'summary_text', text: 'h' },
      { type: 'summary_text', text: 'm' },
    ]
    const parts = [
      { type: 'reasoning', summary },
      { type: 'text', text: 'a' },
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
    ['error as its reason to end', chunk({}, 'error'), 'unexplained error'],
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
