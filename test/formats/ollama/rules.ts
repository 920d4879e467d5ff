/** What Ollama documents of a chat request: https://docs.ollama.com/api/chat */
import type { Body } from '../cases.ts'

type Message = Record<string, unknown> & { tool_calls?: { function: { name: string; arguments: unknown } }[] }

const FIELDS = new Set(
  'model messages tools format options stream keep_alive think logprobs top_logprobs truncate shift'.split(' '),
)
const OPTIONS = new Set(
  `num_predict temperature top_p top_k min_p seed stop presence_penalty frequency_penalty repeat_penalty repeat_last_n
  num_ctx num_batch num_gpu main_gpu use_mmap num_thread num_keep typical_p`.split(/\s+/),
)
const KEYS = new Set(['role', 'content', 'thinking', 'images', 'tool_calls', 'tool_name', 'tool_call_id'])

/** One line for each rule that the body breaks. */
export function brokenRules(body: Body): string[] {
  const broken = [
    ...Object.keys(body).flatMap((key) => (FIELDS.has(key) ? [] : [`${key}: no field of a request`])),
    ...Object.keys(body['options'] ?? {}).flatMap((key) => (OPTIONS.has(key) ? [] : [`options.${key}: no option`])),
  ]
  if (typeof body['stream'] !== 'boolean') broken.push('stream: said, or else it is true')
  const think = body['think']
  if (think !== undefined && ![true, false, 'low', 'medium', 'high'].includes(think as string)) broken.push('think')
  const format = body['format']
  if (format !== undefined && format !== 'json' && typeof format !== 'object') broken.push('format')
  for (const [i, message] of ((body['messages'] ?? []) as Message[]).entries()) {
    const at = `messages[${i}]`
    for (const key of Object.keys(message)) if (!KEYS.has(key)) broken.push(`${at}.${key}: no field of a message`)
    if (typeof message['content'] !== 'string') broken.push(`${at}: content is a text`)
    const images = (message['images'] ?? []) as unknown[]
    if (images.some((image) => !/^[A-Za-z0-9+/]+=*$/.test(String(image)))) broken.push(`${at}: images are bare base64`)
    for (const call of message.tool_calls ?? [])
      if (typeof call.function.arguments !== 'object') broken.push(`${at}: arguments are an object`)
  }
  return broken
}
