/** What Mistral documents of a chat request: https://docs.mistral.ai/api/endpoint/chat */
import type { Body } from '../cases.ts'

type Message = Record<string, unknown> & {
  role: string
  tool_calls?: { id: string; function: { arguments: unknown } }[]
}

const FIELDS = new Set(
  `model messages temperature top_p max_tokens stream stop random_seed metadata response_format tools tool_choice
  presence_penalty frequency_penalty n prediction parallel_tool_calls prompt_mode reasoning_effort safe_prompt
  prompt_cache_key service_tier`.split(/\s+/),
)
const KEYS: Record<string, Set<string>> = {
  system: new Set(['role', 'content']),
  user: new Set(['role', 'content']),
  assistant: new Set(['role', 'content', 'tool_calls', 'prefix']),
  tool: new Set(['role', 'content', 'tool_call_id', 'name']),
}
const PARTS = new Set(['text', 'image_url', 'document_url', 'input_audio', 'thinking', 'reference', 'file'])
const CHOICES = new Set(['auto', 'none', 'any', 'required'])

/** One line for each rule that the body breaks: what is not known is refused. */
export function brokenRules(body: Body): string[] {
  const messages = (body['messages'] ?? []) as Message[]
  const broken = Object.keys(body).flatMap((key) => (FIELDS.has(key) ? [] : [`${key}: no field of a request`]))
  const temperature = body['temperature']
  if (temperature !== undefined && !(Number(temperature) >= 0 && Number(temperature) <= 1.5)) broken.push('temperature')
  const choice = body['tool_choice']
  if (typeof choice === 'string' && !CHOICES.has(choice)) broken.push(`tool_choice: ${choice}`)
  if (choice !== undefined && !body['tools']) broken.push('tool_choice: without tools')
  const effort = body['reasoning_effort']
  const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh']
  if (effort !== undefined && !efforts.includes(String(effort)))
    broken.push(`reasoning_effort: one of ${efforts.join(', ')}`)
  for (const [i, message] of messages.entries())
    broken.push(...messageRules(message).map((line) => `messages[${i}]: ${line}`))
  const last = messages.at(-1)
  if (last?.role === 'assistant' && last['prefix'] !== true) broken.push('messages: the last answer needs prefix')
  return broken
}

function messageRules(message: Message): string[] {
  const known = KEYS[message.role]
  if (!known) return [`role ${message.role}`]
  const broken = Object.keys(message).flatMap((key) => (known.has(key) ? [] : [`${key} is not known`]))
  const content = message['content']
  const isEmpty = content === null || content === undefined || content === ''
  if (message.role === 'assistant' && isEmpty && !message.tool_calls) broken.push('neither content nor calls')
  if (Array.isArray(content))
    for (const part of content as { type: string }[])
      if (!PARTS.has(part.type)) broken.push(`a part of type ${part.type}`)
  const ids = [message['tool_call_id'], ...(message.tool_calls ?? []).map((call) => call.id)]
  for (const id of ids) if (id !== undefined && !/^[A-Za-z0-9]{9}$/.test(String(id))) broken.push(`id ${String(id)}`)
  for (const call of message.tool_calls ?? []) {
    try {
      JSON.parse(String(call.function.arguments))
    } catch {
      broken.push('arguments are not valid JSON')
    }
  }
  return broken
}
