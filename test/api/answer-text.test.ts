import { describe, expect, test } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { readStream } from './read-stream.ts'
import { chunk, complete, deltasOf, meta, stop, stream } from './say.ts'

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
