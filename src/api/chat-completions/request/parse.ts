import { OPTION_FIELDS, type ChatRequest } from '../../../chat/request.ts'
import { filled, isRecord } from '../json-value.ts'
import { parseMessages } from './messages.ts'
import { parseResponseFormat } from './response-format.ts'
import { knownChoice, parseToolChoice } from './tool-choice.ts'
import { parseTools, usesLegacyFunctions, vendorTools, withNestedTools } from './tools.ts'

/** Fields that have a place of their own in the normal form. */
const CANONICAL = new Set([
  'model',
  'messages',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'functions',
  'function_call',
  'max_tokens',
  'max_completion_tokens',
  'temperature',
  'top_p',
  'stop',
  'seed',
  'n',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'user',
  'response_format',
  'reasoning_effort',
  'verbosity',
  'service_tier',
  'stream',
  'stream_options',
  'extra_body',
])

const OPTIONS: ReadonlySet<string> = new Set(OPTION_FIELDS)

/**
 * OpenAI's request body as the canonical request, in normal form. The body has passed the schema. Throws a GatewayError
 * with the `param` at fault for what a schema cannot say.
 */
export function parseChatRequest(given: Record<string, unknown>): ChatRequest {
  const body = given['tools'] === undefined ? given : withNestedTools(given)
  const messages = body['messages']
  const tools = parseTools(body)
  const { options, extra } = sortFields(body)
  const streams = body['stream'] === true
  const request: ChatRequest = {
    model: String(body['model']),
    messages: parseMessages(Array.isArray(messages) ? messages : []),
    max_tokens: number(body['max_completion_tokens']) ?? number(body['max_tokens']),
    temperature: number(body['temperature']),
    top_p: number(body['top_p']),
    stop: stopList(body['stop']),
    seed: typeof body['seed'] === 'bigint' ? body['seed'] : number(body['seed']),
    n: number(body['n']),
    presence_penalty: number(body['presence_penalty']),
    frequency_penalty: number(body['frequency_penalty']),
    logit_bias: isRecord(body['logit_bias']) ? (body['logit_bias'] as Record<string, number>) : undefined,
    logprobs: boolean(body['logprobs']),
    top_logprobs: number(body['top_logprobs']),
    user: filled(body['user']),
    response_format: parseResponseFormat(body['response_format']),
    reasoning_effort: filled(body['reasoning_effort']),
    verbosity: filled(body['verbosity']),
    service_tier: filled(body['service_tier']),
    options,
    extra,
    stream: streams,
    include_usage: streams && isRecord(body['stream_options']) && body['stream_options']['include_usage'] === true,
    legacy_functions: usesLegacyFunctions(body),
    body,
  }
  if (body['tools'] !== undefined) {
    const others = vendorTools(body)
    if (others.length > 0) request.vendor_tools = others
  }
  const choice = knownChoice(parseToolChoice(body), tools, request.vendor_tools)
  // A choice among tools that are not there means nothing, and vendors refuse it.
  if (tools === undefined) return request
  return {
    ...request,
    tools,
    tool_choice: choice,
    parallel_tool_calls: boolean(body['parallel_tool_calls']),
  }
}

function sortFields(body: Record<string, unknown>): Pick<ChatRequest, 'options' | 'extra'> {
  const options: Record<string, unknown> = {}
  // SDKs that do not merge `extra_body` themselves send it as a field.
  const extra: Record<string, unknown> = isRecord(body['extra_body']) ? { ...body['extra_body'] } : {}
  for (const field in body) {
    const value = body[field]
    if (CANONICAL.has(field) || value === null || value === undefined) continue
    if (OPTIONS.has(field)) options[field] = value
    else extra[field] = value
  }
  return { options, extra }
}

function stopList(stop: unknown): string[] | undefined {
  if (stop === undefined) return undefined
  const list = (Array.isArray(stop) ? stop : [stop]).filter((word): word is string => filled(word) !== undefined)
  return list.length === 0 ? undefined : list
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function boolean(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}
