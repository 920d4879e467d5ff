/** What upstreams of each wire say: a whole answer, a stream in three parts, refusals, and an error in the middle. */
import { EVENT_STREAM, firstPiece, JSON_TYPE, restPieces, ROLE, TEXT, wholeBody, WORDS } from '../vendor.ts'

export interface Wire {
  format: string
  /** Of its streams. */
  type: Record<string, string>
  whole: string
  /** Before the first word; with it; after it. */
  head: string
  first: string
  rest: string
  refusal(status: number, message: string, code: string | null): unknown
  /** In the middle of a stream. */
  errorEvent: string
  /** How it says that a prompt is too long, and that it will not answer. */
  tooLong: string
}

const [ONE = '', ...OTHERS] = WORDS

const named = (type: string, fields: object): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`
const data = (value: object): string => `data: ${JSON.stringify(value)}\n\n`
const line = (value: object): string => `${JSON.stringify(value)}\n`

const openaiRefusal: Wire['refusal'] = (_status, message, code) => ({ error: { message, type: 'vendor_error', code } })
const BROKE = 'vendor broke'

const openai: Wire = {
  format: 'openai',
  type: EVENT_STREAM,
  whole: wholeBody('text'),
  head: ROLE,
  first: firstPiece('text'),
  rest: restPieces('text'),
  refusal: openaiRefusal,
  errorEvent: data({ error: { message: BROKE, type: 'server_error', code: null } }),
  tooLong: "This model's maximum context length is 8 tokens",
}

const MESSAGE = { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', stop_sequence: null }
const textDelta = (text: string): string =>
  named('content_block_delta', { index: 0, delta: { type: 'text_delta', text } })

const anthropic: Wire = {
  format: 'anthropic',
  type: EVENT_STREAM,
  whole: JSON.stringify({
    ...MESSAGE,
    content: [{ type: 'text', text: TEXT }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 5, output_tokens: 3 },
  }),
  head: named('message_start', {
    message: { ...MESSAGE, content: [], stop_reason: null, usage: { input_tokens: 5, output_tokens: 1 } },
  }),
  first: named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }) + textDelta(ONE),
  rest:
    OTHERS.map(textDelta).join('') +
    named('content_block_stop', { index: 0 }) +
    named('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 3 },
    }) +
    named('message_stop', {}),
  refusal: (_status, message) => ({ type: 'error', error: { type: 'vendor_error', message } }),
  errorEvent: named('error', { error: { type: 'api_error', message: BROKE } }),
  tooLong: 'prompt is too long: 9 tokens > 8 maximum',
}

const RESPONSE = { id: 'resp_1', object: 'response', created_at: 1, model: 'm', error: null, incomplete_details: null }
const part = (text: string): object => ({ type: 'output_text', text, annotations: [] })
const item = (status: string, content: object[]): object => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  status,
  content,
})
const usage = { input_tokens: 5, output_tokens: 3, total_tokens: 8 }
const done = { ...RESPONSE, status: 'completed', output: [item('completed', [part(TEXT)])], usage }
const at = { item_id: 'msg_1', output_index: 0, content_index: 0 }

const responses: Wire = {
  format: 'openai-responses',
  type: EVENT_STREAM,
  whole: JSON.stringify(done),
  head: named('response.created', { sequence_number: 0, response: { ...RESPONSE, status: 'in_progress', output: [] } }),
  first:
    named('response.output_item.added', { sequence_number: 1, output_index: 0, item: item('in_progress', []) }) +
    named('response.content_part.added', { sequence_number: 2, ...at, part: part('') }) +
    named('response.output_text.delta', { sequence_number: 3, ...at, delta: ONE }),
  rest:
    OTHERS.map((delta, i) => named('response.output_text.delta', { sequence_number: 4 + i, ...at, delta })).join('') +
    named('response.output_text.done', { sequence_number: 6, ...at, text: TEXT }) +
    named('response.content_part.done', { sequence_number: 7, ...at, part: part(TEXT) }) +
    named('response.output_item.done', {
      sequence_number: 8,
      output_index: 0,
      item: item('completed', [part(TEXT)]),
    }) +
    named('response.completed', { sequence_number: 9, response: done }),
  refusal: openaiRefusal,
  errorEvent: named('error', { sequence_number: 4, code: 'server_error', message: BROKE, param: null }),
  tooLong: openai.tooLong,
}

const candidate = (text: string, finishReason?: string): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...(finishReason && { finishReason }) }],
  usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3, totalTokenCount: 8 },
})

const gemini: Wire = {
  format: 'gemini',
  type: EVENT_STREAM,
  whole: JSON.stringify(candidate(TEXT, 'STOP')),
  head: '',
  first: data(candidate(ONE)),
  rest: OTHERS.map((text, i) => data(candidate(text, i === OTHERS.length - 1 ? 'STOP' : undefined))).join(''),
  refusal: (status, message) => ({ error: { code: status, message, status: 'VENDOR_ERROR' } }),
  errorEvent: data({ error: { code: 500, message: BROKE, status: 'INTERNAL' } }),
  tooLong: 'The input token count (9) exceeds the maximum number of tokens allowed (8).',
}

const said = (content: string, more: object = { done: false }): object => ({
  model: 'm',
  created_at: '2026-01-01T00:00:00Z',
  message: { role: 'assistant', content },
  ...more,
})
const LAST = { done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 3 }

const ollama: Wire = {
  format: 'ollama',
  type: { 'content-type': 'application/x-ndjson' },
  whole: JSON.stringify(said(TEXT, LAST)),
  head: '',
  first: line(said(ONE)),
  rest: OTHERS.map((word) => line(said(word))).join('') + line(said('', LAST)),
  refusal: (_status, error) => ({ error }),
  errorEvent: line({ error: BROKE }),
  tooLong: 'the input length exceeds the context length',
}

const text = (words: string, finish_reason: string | null): object => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1,
  model: 'm',
  choices: [{ text: words, index: 0, logprobs: null, finish_reason }],
})
const counted = { usage: { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 } }

const completions: Wire = {
  ...openai,
  format: 'vllm',
  whole: JSON.stringify({ ...text(TEXT, 'stop'), ...counted }),
  head: '',
  first: data(text(ONE, null)),
  rest:
    OTHERS.map((words, i) => data(text(words, i === OTHERS.length - 1 ? 'stop' : null))).join('') +
    data({ ...text('', null), choices: [], ...counted }) +
    'data: [DONE]\n\n',
}

const embeddings: Wire = {
  ...openai,
  whole: JSON.stringify({
    object: 'list',
    model: 'm',
    data: [{ object: 'embedding', index: 0, embedding: [0.5, 0.25] }],
    usage: { prompt_tokens: 5, total_tokens: 5 },
  }),
}

export const WIRES = { openai, anthropic, responses, gemini, ollama, completions, embeddings }
export { JSON_TYPE }
