/** What OpenAI documents of a chat completion, as checks of a body: https://platform.openai.com/docs/api-reference/chat/create */
import type { Body } from '../cases.ts'

type Map = Record<string, unknown>

const SAMPLING = 'temperature top_p presence_penalty frequency_penalty logit_bias logprobs top_logprobs'.split(' ')

/** One line for each rule that the body breaks. */
export function brokenRules(body: Body): string[] {
  const broken: string[] = []
  if (typeof body['model'] !== 'string' || body['model'] === '') broken.push('model: required')
  for (const [field, value] of Object.entries(body)) if (value === null) broken.push(`${field}: null`)
  if (Array.isArray(body['tools']) && body['tools'].length === 0) broken.push('tools: [] is too short')
  for (const field of ['tool_choice', 'parallel_tool_calls'])
    if (field in body && !body['tools']) broken.push(`${field}: only with tools`)
  if ('function_call' in body && !body['functions']) broken.push('function_call: only with functions')
  if ('stream_options' in body && body['stream'] !== true) broken.push('stream_options: only with stream')
  if (body['stream'] === true && (body['stream_options'] as Map | undefined)?.['include_usage'] !== true)
    broken.push('stream_options: usage must be asked for, limits are counted by it')
  if ('max_tokens' in body && 'max_completion_tokens' in body) broken.push('max_tokens: one of the two')
  if ('top_logprobs' in body && body['logprobs'] !== true) broken.push('top_logprobs: only with logprobs')
  if ('extra_body' in body) broken.push('extra_body: no field of a request')
  const model = String(body['model'])
  if (/^(o\d|gpt-5(-(?!chat)|$))/.test(model))
    for (const field of SAMPLING) if (field in body) broken.push(`${field}: not taken by ${model}`)
  if (/^(o\d|gpt-5)/.test(model) && 'max_tokens' in body) broken.push(`max_tokens: not taken by ${model}`)
  return [...broken, ...resultRules((body['messages'] ?? []) as Map[])]
}

/** Each result answers a call made before it. */
function resultRules(messages: Map[]): string[] {
  const calls = new Set<unknown>()
  const broken: string[] = messages.length === 0 ? ['messages: at least one'] : []
  for (const message of messages) {
    for (const call of (message['tool_calls'] ?? []) as Map[]) calls.add(call['id'])
    if (message['role'] === 'tool' && !calls.has(message['tool_call_id'])) broken.push('messages: a result of no call')
  }
  return broken
}
