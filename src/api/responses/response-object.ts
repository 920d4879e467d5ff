/** What surrounds the items of a response: the request said again, what became of it, and what it cost. */
import type { FinishReason } from '../../chat/delta.ts'
import { messageOf, type ErrorKind, type GatewayError } from '../../chat/error.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import { isRecord } from '../chat-completions/json-value.ts'

type Json = Record<string, unknown>

export interface ResponseMeta {
  id: string
  /** The name that the client asked for. */
  model: string
  /** Seconds since the epoch. */
  created: number
  /** The client's request. */
  body: Json
}

export interface ResponseState {
  output: readonly Json[]
  finish?: FinishReason
  usage?: WireUsage | undefined
  error?: GatewayError
}

/** `in_progress` while there is neither a finish nor an error. */
export function responseObject(meta: ResponseMeta, { output, finish, usage, error }: ResponseState): Json {
  const { id, model, created, body } = meta
  const said = (field: string, usual: unknown): unknown => body[field] ?? usual
  const reason = finish === 'length' ? 'max_output_tokens' : finish === 'content_filter' ? 'content_filter' : undefined
  const status = error ? 'failed' : finish === undefined ? 'in_progress' : reason ? 'incomplete' : 'completed'
  return {
    id,
    object: 'response',
    created_at: created,
    status,
    background: false,
    error: error ? { code: codeOf(error), message: messageOf(error) } : null,
    incomplete_details: reason ? { reason } : null,
    instructions: said('instructions', null),
    max_output_tokens: said('max_output_tokens', null),
    model,
    output,
    parallel_tool_calls: said('parallel_tool_calls', true),
    previous_response_id: said('previous_response_id', null),
    reasoning: { effort: null, summary: null, ...(isRecord(body['reasoning']) && body['reasoning']) },
    store: body['store'] !== false,
    temperature: said('temperature', 1),
    text: { format: { type: 'text' }, ...(isRecord(body['text']) && body['text']) },
    tool_choice: said('tool_choice', 'auto'),
    tools: said('tools', []),
    top_logprobs: said('top_logprobs', 0),
    top_p: said('top_p', 1),
    truncation: said('truncation', 'disabled'),
    usage: usage ? usageOf(usage) : null,
    ...(typeof body['user'] === 'string' && { user: body['user'] }),
    metadata: said('metadata', {}),
  }
}

function usageOf(usage: WireUsage): Json {
  const { prompt_tokens, completion_tokens, prompt_tokens_details: prompt, completion_tokens_details: spoken } = usage
  return {
    input_tokens: prompt_tokens,
    input_tokens_details: {
      cached_tokens: count(prompt?.['cached_tokens']),
      cache_write_tokens: count(prompt?.['cache_write_tokens']),
    },
    output_tokens: completion_tokens,
    output_tokens_details: { reasoning_tokens: count(spoken?.['reasoning_tokens']) },
    total_tokens: prompt_tokens + completion_tokens,
  }
}

function count(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** Beside those of the vendor's limits. */
const LIMITS: ReadonlySet<ErrorKind> = new Set(['queue_full', 'client_limit', 'quota'])

/** OpenAI's codes of a response that failed; agents decide by them whether to ask again. */
function codeOf(error: GatewayError): string {
  const isLimit = error.rule.blame === 'limit' || LIMITS.has(error.kind)
  // no money is no limit that time lifts, and no key is none at all
  if (isLimit && error.status !== 402 && error.status !== 503) return 'rate_limit_exceeded'
  return error.status < 500 ? 'invalid_prompt' : 'server_error'
}
