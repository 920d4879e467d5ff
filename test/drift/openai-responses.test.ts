/** What becomes of each member of the unions of OpenAI's SDK: Responses, where they serve chat completions. */
import type {
  Response,
  ResponseError,
  ResponseOutputItem,
  ResponseOutputMessage,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses'
import { expect, test } from 'vitest'
import type { ErrorKind } from '../../src/chat/error.ts'
import { COUNT, endOf, expected, fateOfBody, fateOfEvents, found, kindOf, MARK, type Fates } from './fate.ts'

type Json = Record<string, unknown>

const EVENTS: Fates<ResponseStreamEvent['type']> = {
  error: 'told',
  'response.completed': 'told',
  'response.created': 'told',
  'response.custom_tool_call_input.delta': 'told',
  'response.failed': 'told',
  'response.function_call_arguments.delta': 'told',
  'response.incomplete': 'told',
  'response.output_item.added': 'told',
  'response.output_item.done': 'told',
  'response.output_text.annotation.added': 'told',
  'response.output_text.delta': 'told',
  'response.output_text.done': 'told',
  'response.reasoning_summary_text.delta': 'told',
  'response.reasoning_summary_text.done': 'told',
  'response.reasoning_text.delta': 'told',
  'response.reasoning_text.done': 'told',
  'response.refusal.delta': 'told',
  'response.refusal.done': 'told',
  // its own API gets them as they came
  'response.audio.delta': 'dropped: no model of this API speaks yet',
  'response.audio.done': 'dropped: no model of this API speaks yet',
  'response.audio.transcript.delta': 'dropped: no model of this API speaks yet',
  'response.audio.transcript.done': 'dropped: no model of this API speaks yet',
  'response.code_interpreter_call.completed': 'dropped: a step of a hosted tool',
  'response.code_interpreter_call.in_progress': 'dropped: a step of a hosted tool',
  'response.code_interpreter_call.interpreting': 'dropped: a step of a hosted tool',
  'response.code_interpreter_call_code.delta': 'dropped: a step of a hosted tool',
  'response.code_interpreter_call_code.done': 'dropped: a step of a hosted tool',
  'response.compaction.compacting': 'dropped: a step of a hosted tool',
  'response.content_part.added': 'dropped: the texts themselves are told',
  'response.content_part.done': 'dropped: the texts themselves are told',
  'response.custom_tool_call_input.done': 'dropped: the item that follows has it whole',
  'response.file_search_call.completed': 'dropped: a step of a hosted tool',
  'response.file_search_call.in_progress': 'dropped: a step of a hosted tool',
  'response.file_search_call.searching': 'dropped: a step of a hosted tool',
  'response.function_call_arguments.done': 'dropped: the item that follows has it whole',
  'response.image_generation_call.completed': 'dropped: a step of a hosted tool',
  'response.image_generation_call.generating': 'dropped: a step of a hosted tool',
  'response.image_generation_call.in_progress': 'dropped: a step of a hosted tool',
  'response.image_generation_call.partial_image': 'dropped: a step of a hosted tool',
  'response.in_progress': 'dropped: nothing has come yet',
  'response.mcp_call.completed': 'dropped: a step of a hosted tool',
  'response.mcp_call.failed': 'dropped: a step of a hosted tool',
  'response.mcp_call.in_progress': 'dropped: a step of a hosted tool',
  'response.mcp_call_arguments.delta': 'dropped: a step of a hosted tool',
  'response.mcp_call_arguments.done': 'dropped: the item that follows has it whole',
  'response.mcp_list_tools.completed': 'dropped: a step of a hosted tool',
  'response.mcp_list_tools.failed': 'dropped: a step of a hosted tool',
  'response.mcp_list_tools.in_progress': 'dropped: a step of a hosted tool',
  'response.queued': 'dropped: nothing has come yet',
  'response.reasoning_summary_part.added': 'dropped: the texts themselves are told',
  'response.reasoning_summary_part.done': 'dropped: the texts themselves are told',
  'response.shell_call_command.added': 'dropped: a step of a hosted tool',
  'response.shell_call_command.delta': 'dropped: a step of a hosted tool',
  'response.shell_call_command.done': 'dropped: a step of a hosted tool',
  'response.shell_call_output_content.delta': 'dropped: a step of a hosted tool',
  'response.shell_call_output_content.done': 'dropped: a step of a hosted tool',
  'response.web_search_call.completed': 'dropped: a step of a hosted tool',
  'response.web_search_call.in_progress': 'dropped: a step of a hosted tool',
  'response.web_search_call.searching': 'dropped: a step of a hosted tool',
}
const ITEMS: Fates<ResponseOutputItem['type']> = {
  message: 'told',
  reasoning: 'told',
  function_call: 'told',
  custom_tool_call: 'told',
  image_generation_call: 'told',
  additional_tools: 'dropped: only clients send it',
  apply_patch_call: 'dropped: chat completions have no such call, and cannot offer the tool',
  apply_patch_call_output: 'dropped: only clients send it',
  code_interpreter_call: 'dropped: what the vendor did itself',
  compaction: 'dropped: a summary that only the vendor reads',
  computer_call: 'dropped: chat completions have no such call, and cannot offer the tool',
  computer_call_output: 'dropped: only clients send it',
  custom_tool_call_output: 'dropped: only clients send it',
  file_search_call: 'dropped: what the vendor did itself',
  function_call_output: 'dropped: only clients send it',
  local_shell_call: 'dropped: chat completions have no such call, and cannot offer the tool',
  local_shell_call_output: 'dropped: only clients send it',
  mcp_approval_request: 'dropped: chat completions have no such call, and cannot offer the tool',
  mcp_approval_response: 'dropped: only clients send it',
  mcp_call: 'dropped: what the vendor did itself',
  mcp_list_tools: 'dropped: what the vendor did itself',
  program: 'dropped: what the vendor did itself',
  program_output: 'dropped: only clients send it',
  shell_call: 'dropped: chat completions have no such call, and cannot offer the tool',
  shell_call_output: 'dropped: only clients send it',
  tool_search_call: 'dropped: what the vendor did itself',
  tool_search_output: 'dropped: only clients send it',
  web_search_call: 'dropped: what the vendor did itself',
}
const PARTS: Fates<ResponseOutputMessage['content'][number]['type']> = { output_text: 'told', refusal: 'told' }
type Incomplete = NonNullable<NonNullable<Response['incomplete_details']>['reason']>
const ENDS: Record<Incomplete, string> = {
  max_output_tokens: 'length',
  content_filter: 'content_filter',
  max_messages: 'length',
  steered: 'length',
}
const ERRORS: Record<ResponseError['code'], ErrorKind> = {
  bio_policy: 'content_policy',
  data_residency_mismatch: 'invalid_request',
  empty_image_file: 'invalid_request',
  failed_to_download_image: 'invalid_request',
  image_content_policy_violation: 'content_policy',
  image_file_not_found: 'invalid_request',
  image_file_too_large: 'invalid_request',
  image_parse_error: 'invalid_request',
  image_too_large: 'invalid_request',
  image_too_small: 'invalid_request',
  invalid_base64_image: 'invalid_request',
  invalid_image: 'invalid_request',
  invalid_image_format: 'invalid_request',
  invalid_image_mode: 'invalid_request',
  invalid_image_url: 'invalid_request',
  invalid_prompt: 'invalid_request',
  misalignment_policy_violation: 'content_policy',
  rate_limit_exceeded: 'rate_limit',
  server_error: 'server_error',
  unsupported_image_media_type: 'invalid_request',
  vector_store_timeout: 'timeout',
}
const USAGE: Fates<keyof ResponseUsage> = {
  input_tokens: 'told',
  output_tokens: 'told',
  input_tokens_details: 'told',
  output_tokens_details: 'told',
  total_tokens: 'dropped: the sum of the two',
}

const USED = { input_tokens: 1, output_tokens: 1, total_tokens: 2 }
const response = (more: Json): Json => ({
  id: 'i',
  object: 'response',
  created_at: 1,
  model: 'm',
  status: 'completed',
  output: [],
  usage: USED,
  ...more,
})
/** Fields of any item, all marked. */
const item = (type: string): Json => ({
  type,
  id: 'i',
  call_id: 'c',
  name: 'f',
  arguments: JSON.stringify({ a: MARK }),
  input: MARK,
  output: MARK,
  result: MARK,
  code: MARK,
  action: { query: MARK },
  results: [MARK],
  encrypted_content: MARK,
  tools: [MARK],
  content: [{ type: 'output_text', text: MARK, annotations: [] }],
  summary: [{ type: 'summary_text', text: MARK }],
})
const TEXT = { type: 'response.output_text.delta', output_index: 1, delta: 'a' }
const event = (type: string): Json => ({
  type,
  output_index: 0,
  content_index: 0,
  item_id: 'i',
  delta: MARK,
  text: MARK,
  refusal: MARK,
  code: MARK,
  arguments: MARK,
  input: MARK,
  message: MARK,
  part: { type: 'output_text', text: MARK },
  command: MARK,
  annotation: { type: 'url_citation', url: MARK, title: 't', start_index: 0, end_index: 1 },
  partial_image_b64: MARK,
  item: { ...item('function_call'), name: MARK },
  response: response({
    id: MARK,
    usage: { input_tokens: COUNT, output_tokens: 1 },
    error: { code: 'server_error', message: MARK },
  }),
})

test('events', () => {
  // pieces of a call belong to one that has begun
  const call = {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...item('function_call'), arguments: '' },
  }
  const before = (type: string): Json[] => (type.includes('call_') && type.endsWith('.delta') ? [call] : [])
  expect(found(EVENTS, (type) => fateOfEvents('openai-responses', [...before(type), event(type), TEXT]))).toEqual(
    expected(EVENTS),
  )
})

test('items', () => {
  expect(found(ITEMS, (type) => fateOfBody('openai-responses', response({ output: [item(type)] })))).toEqual(
    expected(ITEMS),
  )
})

test('parts of a message', () => {
  const said = (type: string): Json => ({ ...item('message'), content: [{ type, text: MARK, refusal: MARK }] })
  expect(found(PARTS, (type) => fateOfBody('openai-responses', response({ output: [said(type)] })))).toEqual(
    expected(PARTS),
  )
})

test('why an answer is incomplete', () => {
  const cut = (reason: string): Json => response({ status: 'incomplete', incomplete_details: { reason } })
  expect(found(ENDS, (reason) => endOf('openai-responses', cut(reason)))).toEqual(ENDS)
})

test('error codes', () => {
  const failed = (code: string): Json => response({ status: 'failed', error: { code, message: 'm' } })
  expect(found(ERRORS, (code) => kindOf('openai-responses', failed(code)))).toEqual(ERRORS)
})

test('usage', () => {
  const details = { cached_tokens: COUNT, reasoning_tokens: COUNT }
  const usage = (key: string): Json => ({ ...USED, [key]: key.endsWith('_details') ? details : COUNT })
  const fate = (key: string): string => fateOfBody('openai-responses', response({ usage: usage(key) }))
  expect(found(USAGE, fate)).toEqual(expected(USAGE))
})
