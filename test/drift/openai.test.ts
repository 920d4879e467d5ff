/** What becomes of each member of the unions of OpenAI's SDK: chat completions. */
import type { ChatCompletion, ChatCompletionChunk, ChatCompletionMessage } from 'openai/resources/chat/completions'
import type { CompletionUsage } from 'openai/resources/completions'
import { expect, test } from 'vitest'
import { completionOf, COUNT, expected, fateOfBody, fateOfEvents, found, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>

const MESSAGE: Fates<keyof ChatCompletionMessage> = {
  content: 'told',
  refusal: 'told',
  tool_calls: 'told',
  function_call: 'told',
  annotations: 'told',
  audio: 'told',
  role: 'dropped: an answer is always of the assistant',
}

const DELTA: Fates<keyof ChatCompletionChunk.Choice.Delta> = {
  content: 'told',
  refusal: 'told',
  tool_calls: 'told',
  function_call: 'told',
  audio: 'told',
  role: 'dropped: an answer is always of the assistant',
}

const ENDS: Record<ChatCompletion.Choice['finish_reason'], string> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  // one name for both, unless the client asked by the old one
  function_call: 'tool_calls',
}

const USAGE: Fates<keyof CompletionUsage> = {
  prompt_tokens: 'told',
  completion_tokens: 'told',
  total_tokens: 'told',
  prompt_tokens_details: 'told',
  completion_tokens_details: 'told',
}

type Details = keyof CompletionUsage.PromptTokensDetails | keyof CompletionUsage.CompletionTokensDetails
const DETAILS: Fates<Details> = {
  cached_tokens: 'told',
  cache_write_tokens: 'told',
  reasoning_tokens: 'told',
  audio_tokens: 'told',
  image_tokens: 'told',
  text_tokens: 'told',
  accepted_prediction_tokens: 'told',
  rejected_prediction_tokens: 'told',
}

const CALLED = { name: 'f', arguments: JSON.stringify({ a: MARK }) }
const VALUES: Json = {
  tool_calls: [{ index: 0, id: 'i', type: 'function', function: CALLED }],
  function_call: CALLED,
  annotations: [{ type: 'url_citation', url_citation: { url: MARK, title: 't', start_index: 0, end_index: 1 } }],
  audio: { id: 'i', data: MARK, transcript: MARK, expires_at: 1 },
}
const COUNTS = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }

const answer = (message: Json, usage: Json = COUNTS, finish_reason = 'stop'): Json => ({
  id: 'i',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  usage,
  choices: [{ index: 0, message: { role: 'assistant', content: 'a', ...message }, finish_reason }],
})
const chunk = (delta: Json): Json => ({
  id: 'i',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null }],
})

test('fields of a message', () => {
  const fate = (key: string): string => fateOfBody('openai', answer({ [key]: VALUES[key] ?? MARK }))
  expect(found(MESSAGE, fate)).toEqual(expected(MESSAGE))
})

test('fields of a delta', () => {
  const fate = (key: string): string => fateOfEvents('openai', [chunk({ [key]: VALUES[key] ?? MARK })])
  expect(found(DELTA, fate)).toEqual(expected(DELTA))
})

test('usage', () => {
  const details = { cached_tokens: COUNT, reasoning_tokens: COUNT }
  const value = (key: string): unknown => (key.endsWith('_details') ? details : COUNT)
  expect(found(USAGE, (key) => fateOfBody('openai', answer({}, { ...COUNTS, [key]: value(key) })))).toEqual(
    expected(USAGE),
  )
})

test.each(['prompt_tokens_details', 'completion_tokens_details'])('%s', (where) => {
  const fate = (key: string): string => fateOfBody('openai', answer({}, { ...COUNTS, [where]: { [key]: COUNT } }))
  expect(found(DETAILS, fate)).toEqual(expected(DETAILS))
})

test('finish reasons', () => {
  const calls = (reason: string): Json =>
    reason === 'tool_calls' || reason === 'function_call' ? { [reason]: VALUES[reason], content: null } : {}
  const ends = found(ENDS, (reason) => completionEnd(answer(calls(reason), COUNTS, reason)))
  expect(ends).toEqual(ENDS)
})

function completionEnd(body: Json): string {
  const [choice] = completionOf('openai', body)['choices'] as { finish_reason: string }[]
  return choice?.finish_reason ?? 'nothing'
}
