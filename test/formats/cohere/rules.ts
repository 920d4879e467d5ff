/** What Cohere documents of a v2 chat request: https://docs.cohere.com/reference/chat */
import type { Body } from '../cases.ts'

type Message = Record<string, unknown> & {
  role: string
  tool_calls?: { id: string; function: { arguments: unknown } }[]
}

const FIELDS = new Set(
  `stream model messages tools strict_tools documents citation_options response_format safety_mode max_tokens
  stop_sequences temperature seed frequency_penalty presence_penalty k p logprobs tool_choice thinking priority`.split(
    /\s+/,
  ),
)
const RANGES: Record<string, [number, number]> = {
  temperature: [0, 1],
  p: [0.01, 0.99],
  k: [0, 500],
  frequency_penalty: [0, 1],
  presence_penalty: [0, 1],
}

/** One line for each rule that the body breaks. */
export function brokenRules(body: Body): string[] {
  const broken = Object.keys(body).flatMap((key) => (FIELDS.has(key) ? [] : [`${key}: no field of a request`]))
  for (const [field, [low, high]] of Object.entries(RANGES)) {
    const value = body[field]
    if (value !== undefined && !(Number(value) >= low && Number(value) <= high))
      broken.push(`${field}: ${low} to ${high}`)
  }
  if (((body['stop_sequences'] ?? []) as unknown[]).length > 5) broken.push('stop_sequences: five at most')
  const choice = body['tool_choice']
  if (choice !== undefined && choice !== 'REQUIRED' && choice !== 'NONE') broken.push('tool_choice: REQUIRED or NONE')
  if (body['tools'] && body['response_format']) broken.push('response_format: not together with tools')
  const format = body['response_format'] as { type?: unknown } | undefined
  if (format && format.type !== 'json_object') broken.push('response_format: json_object')
  return [...broken, ...messageRules((body['messages'] ?? []) as Message[])]
}

function messageRules(messages: Message[]): string[] {
  const broken: string[] = messages.length === 0 ? ['messages: at least one'] : []
  let open: string[] = []
  for (const [i, message] of messages.entries()) {
    const at = `messages[${i}]`
    if (message.role === 'tool') {
      if (!open.includes(String(message['tool_call_id']))) broken.push(`${at}: a result of no call`)
    } else open = []
    if (message.role === 'assistant' && message.tool_calls) {
      open = message.tool_calls.map((call) => call.id)
      if (message['content'] !== undefined) broken.push(`${at}: content beside calls`)
      if (message.tool_calls.some((call) => typeof call.function.arguments !== 'string'))
        broken.push(`${at}: arguments`)
    } else if (isEmpty(message['content'])) broken.push(`${at}: empty content`)
    if (message.role === 'system' && typeof message['content'] !== 'string') broken.push(`${at}: a text`)
  }
  return broken
}

function isEmpty(content: unknown): boolean {
  return content === undefined || content === '' || (Array.isArray(content) && content.length === 0)
}
