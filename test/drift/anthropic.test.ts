/** What becomes of each member of the unions of Anthropic's SDK. */
import type {
  BetaContentBlock,
  BetaRawContentBlockDelta,
  BetaRawMessageStreamEvent,
  BetaStopReason,
  BetaTextCitation,
  BetaUsage,
} from '@anthropic-ai/sdk/resources/beta/messages/messages'
import type { ErrorType } from '@anthropic-ai/sdk/resources/shared'
import { expect, test } from 'vitest'
import type { ErrorKind } from '../../src/chat/error.ts'
import type { FinishReason } from '../../src/chat/delta.ts'
import { shipped } from '../formats/cases.ts'
import { COUNT, endOf, expected, fateOfBody, fateOfEvents, found, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>

const BLOCKS: Fates<BetaContentBlock['type']> = {
  text: 'told',
  thinking: 'told',
  redacted_thinking: 'told',
  tool_use: 'told',
  // what the vendor did itself
  server_tool_use: 'passed',
  advisor_tool_result: 'passed',
  bash_code_execution_tool_result: 'passed',
  code_execution_tool_result: 'passed',
  compaction: 'passed',
  container_upload: 'passed',
  fallback: 'passed',
  mcp_tool_listing: 'passed',
  mcp_tool_result: 'passed',
  mcp_tool_use: 'passed',
  text_editor_code_execution_tool_result: 'passed',
  tool_search_tool_result: 'passed',
  web_fetch_tool_result: 'passed',
  web_search_tool_result: 'passed',
}

const DELTAS: Fates<BetaRawContentBlockDelta['type']> = {
  text_delta: 'told',
  thinking_delta: 'told',
  signature_delta: 'told',
  input_json_delta: 'told',
  citations_delta: 'told',
  compaction_delta: 'dropped: a summary that only the vendor reads; its own API gets the event as it came',
}

const EVENTS: Fates<BetaRawMessageStreamEvent['type']> = {
  message_start: 'told',
  content_block_start: 'told',
  content_block_delta: 'told',
  content_block_stop: 'dropped: chat completions have no blocks',
  message_delta: 'told',
  message_stop: 'dropped: the end is told with the reason',
}

const ENDS: Record<BetaStopReason, FinishReason | 'error'> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  compaction: 'stop',
  tool_use: 'tool_calls',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  refusal: 'content_filter',
}

const ERRORS: Record<ErrorType, ErrorKind> = {
  invalid_request_error: 'invalid_request',
  authentication_error: 'authentication',
  billing_error: 'quota',
  permission_error: 'permission',
  not_found_error: 'not_found',
  rate_limit_error: 'rate_limit',
  timeout_error: 'timeout',
  overloaded_error: 'overloaded',
  api_error: 'server_error',
  // of stores and files, which no chat touches: by their status
  memory_precondition_failed_error: 'invalid_request',
  memory_path_conflict_error: 'invalid_request',
  conflict_error: 'invalid_request',
}

const USAGE: Fates<keyof BetaUsage> = {
  input_tokens: 'told',
  output_tokens: 'told',
  cache_creation_input_tokens: 'told',
  cache_read_input_tokens: 'told',
  output_tokens_details: 'told',
  cache_creation: 'dropped: how long what was written lives; the sum is told',
  fallback_credit: 'dropped: the vendor settles it',
  inference_geo: 'dropped: no count',
  iterations: 'dropped: the sums are those of the answer itself; the cost counts each',
  server_tool_use: 'dropped: calls of hosted tools are no tokens',
  service_tier: 'dropped: no count',
  speed: 'dropped: no count',
}

const CITATIONS: Fates<BetaTextCitation['type']> = {
  web_search_result_location: 'told',
  char_location: 'dropped: a place in a document that the client sent; OpenAI has no form for it',
  content_block_location: 'dropped: as above',
  page_location: 'dropped: as above',
  search_result_location: 'dropped: as above',
}

const USED = { input_tokens: 1, output_tokens: 1 }
const block = (type: string): Json => {
  const marked = { text: MARK, thinking: MARK, data: MARK, signature: MARK, content: MARK }
  return { type, id: 'i', name: 'f', input: { a: MARK }, ...marked }
}
const message = (more: Json): Json => ({
  id: 'i',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [],
  stop_reason: 'end_turn',
  usage: USED,
  ...more,
})
const started = { type: 'message_start', message: message({ stop_reason: null }) }
const changed = (delta: Json): Json => ({ type: 'content_block_delta', index: 0, delta })

test('content blocks', () => {
  expect(found(BLOCKS, (type) => fateOfBody('anthropic', message({ content: [block(type)] })))).toEqual(
    expected(BLOCKS),
  )
})

test('content blocks of a stream', () => {
  // the words of a thought come later
  const later = { ...expected(BLOCKS), thinking: 'dropped' }
  const begun = (type: string): Json => ({ type: 'content_block_start', index: 0, content_block: block(type) })
  expect(found(BLOCKS, (type) => fateOfEvents('anthropic', [started, begun(type)]))).toEqual(later)
})

test('deltas', () => {
  const opened = {
    type: 'content_block_start',
    index: 0,
    content_block: { type: 'tool_use', id: 'i', name: 'f', input: {} },
  }
  const citation = { type: 'web_search_result_location', url: MARK, title: 't' }
  const fields = { text: MARK, thinking: MARK, signature: MARK, partial_json: MARK, content: MARK, citation }
  const found_ = found(DELTAS, (type) => {
    const before = type === 'input_json_delta' ? [started, opened] : [started]
    return fateOfEvents('anthropic', [...before, changed({ type, ...fields })])
  })
  expect(found_).toEqual(expected(DELTAS))
})

test('events', () => {
  const samples: Record<string, Json[]> = {
    message_start: [{ type: 'message_start', message: message({ id: MARK }) }],
    content_block_start: [started, { type: 'content_block_start', index: 0, content_block: block('text') }],
    content_block_delta: [started, changed({ type: 'text_delta', text: MARK })],
    content_block_stop: [started, { type: 'content_block_stop', index: 0, content: MARK }],
    message_delta: [
      started,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: COUNT } },
    ],
    message_stop: [started, { type: 'message_stop', content: MARK }],
  }
  expect(found(EVENTS, (type) => fateOfEvents('anthropic', samples[type] ?? []))).toEqual(expected(EVENTS))
})

test('stop reasons', () => {
  const said = (type: string): Json[] => (type === 'tool_use' ? [block('tool_use')] : [block('text')])
  expect(found(ENDS, (reason) => endOf('anthropic', message({ content: said(reason), stop_reason: reason })))).toEqual(
    ENDS,
  )
})

test('error types', () => {
  const format = shipped('anthropic')
  const read = (type: string): string =>
    format.decodeError({ status: 400, headers: {} }, JSON.stringify({ type: 'error', error: { type, message: 'm' } }))
      .kind
  expect(found(ERRORS, read)).toEqual(ERRORS)
})

test('usage', () => {
  const parts: Record<string, unknown> = {
    output_tokens_details: { thinking_tokens: COUNT },
  }
  const value = (key: string): unknown => parts[key] ?? COUNT
  const used = found(USAGE, (key) => fateOfBody('anthropic', message({ usage: { ...USED, [key]: value(key) } })))
  expect(used).toEqual(expected(USAGE))
})

test('citations', () => {
  const cited = (type: string): Json => {
    const place = { cited_text: MARK, document_title: MARK, source: MARK, title: MARK }
    return { type, ...place, ...(type === 'web_search_result_location' && { url: MARK }) }
  }
  const content = (type: string): Json[] => [{ type: 'text', text: 'a', citations: [cited(type)] }]
  expect(found(CITATIONS, (type) => fateOfBody('anthropic', message({ content: content(type) })))).toEqual(
    expected(CITATIONS),
  )
})
