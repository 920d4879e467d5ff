/** What becomes of each member of the unions of Cohere's and Mistral's SDKs. */
import type { ContentChunk } from '@mistralai/mistralai/models/components'
import type { Cohere } from 'cohere-ai'
import { expect, test } from 'vitest'
import { COUNT, endOf, expected, fateOfBody, fateOfEvents, found, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>

const EVENTS: Fates<Cohere.V2ChatStreamResponse['type']> = {
  'message-start': 'told',
  'content-start': 'told',
  'content-delta': 'told',
  'content-end': 'dropped: chat completions have no blocks',
  'tool-plan-delta': 'told',
  'tool-call-start': 'told',
  'tool-call-delta': 'told',
  'tool-call-end': 'dropped: a call ends with the answer',
  'citation-start': 'told',
  'citation-end': 'dropped: it only closes',
  'message-end': 'told',
  debug: 'dropped: the vendor’s own prompt, for its own people',
}

const ENDS: Record<Cohere.ChatFinishReason, string> = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR: 'error',
  TIMEOUT: 'error',
}

const CHUNKS: Fates<Exclude<NonNullable<ContentChunk['type']>, 'UNKNOWN'>> = {
  text: 'told',
  thinking: 'told',
  image_url: 'told',
  document_url: 'told',
  file: 'told',
  input_audio: 'told',
  reference: 'told',
}

const START = { type: 'message-start', id: 'i' }
const SAID = { type: 'content-delta', index: 0, delta: { message: { content: { text: 'a' } } } }
const call = (more: Json): Json => ({ message: { tool_calls: { id: 'i', type: 'function', function: more } } })

test('events of Cohere', () => {
  const begun = { type: 'tool-call-start', index: 0, delta: call({ name: 'f', arguments: '' }) }
  const citation = { start: 0, end: 1, sources: [{ type: 'document', document: { url: MARK, title: 't' } }] }
  const samples: Record<string, Json[]> = {
    'message-start': [{ ...START, id: MARK }, SAID],
    'content-start': [
      START,
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: MARK } } } },
    ],
    'content-delta': [START, { type: 'content-delta', index: 0, delta: { message: { content: { text: MARK } } } }],
    'tool-plan-delta': [START, { type: 'tool-plan-delta', delta: { message: { tool_plan: MARK } } }],
    'tool-call-start': [START, { type: 'tool-call-start', index: 0, delta: call({ name: MARK, arguments: '' }) }],
    'tool-call-delta': [START, begun, { type: 'tool-call-delta', index: 0, delta: call({ arguments: MARK }) }],
    'citation-start': [START, { type: 'citation-start', index: 0, delta: { message: { citations: citation } } }],
    'message-end': [
      START,
      {
        type: 'message-end',
        delta: { finish_reason: 'COMPLETE', usage: { tokens: { input_tokens: COUNT, output_tokens: 1 } } },
      },
    ],
  }
  const fate = (type: string): string =>
    fateOfEvents('cohere', samples[type] ?? [START, { type, index: 0, prompt: MARK }])
  expect(found(EVENTS, fate)).toEqual(expected(EVENTS))
})

test('finish reasons of Cohere', () => {
  const answer = (reason: string): Json => ({
    id: 'i',
    message: { content: [{ type: 'text', text: 'a' }] },
    finish_reason: reason,
  })
  expect(found(ENDS, (reason) => endOf('cohere', answer(reason)))).toEqual(ENDS)
})

const chunk = (type: string): Json => ({
  type,
  text: MARK,
  thinking: [{ type: 'text', text: MARK }],
  image_url: MARK,
  document_url: MARK,
  input_audio: MARK,
  file_id: MARK,
  reference_ids: [COUNT],
  url: MARK,
  title: MARK,
})

test('parts of Mistral', () => {
  const fate = (type: string): string =>
    fateOfBody('mistral', {
      id: 'i',
      object: 'chat.completion',
      created: 1,
      model: 'm',
      choices: [{ index: 0, message: { role: 'assistant', content: [chunk(type)] }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
    })
  expect(found(CHUNKS, fate)).toEqual(expected(CHUNKS))
})

test('parts of Mistral in a stream', () => {
  const delta = (type: string): Json => ({ role: 'assistant', content: [chunk(type)] })
  const fate = (type: string): string =>
    fateOfEvents('mistral', [{ id: 'i', model: 'm', choices: [{ index: 0, delta: delta(type), finish_reason: null }] }])
  expect(found(CHUNKS, fate)).toEqual(expected(CHUNKS))
})
