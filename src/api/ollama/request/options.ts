/** What shapes the answer, in OpenAI's form: `options`, `format`, `think`, log probabilities. */
import { filled, isRecord } from '../../chat-completions/json-value.ts'
import { unreadFields } from '../../inbound/unread-fields.ts'

type Map = Record<string, unknown>

/** Read here, or about how a server runs the model, which is no matter of another's. */
const READ = new Set(
  [
    ['num_predict', 'temperature', 'top_p', 'top_k', 'stop', 'seed', 'presence_penalty', 'frequency_penalty'],
    ['num_ctx', 'num_keep', 'num_batch', 'num_gpu', 'main_gpu', 'num_thread', 'num_gqa', 'numa', 'low_vram'],
    ['use_mmap', 'use_mlock', 'f16_kv', 'logits_all', 'vocab_only'],
  ].flat(),
)

/** @param losses gets what has no place there, one sentence each */
export function toChatOptions(body: Map, losses: string[]): Map {
  const options = isRecord(body['options']) ? body['options'] : {}
  losses.push(...unreadFields(options, READ, 'options.'))
  const most = options['num_predict']
  return without({
    // below 0 there is no bound
    max_tokens: typeof most === 'number' && most > 0 ? Math.floor(most) : undefined,
    temperature: options['temperature'],
    top_p: options['top_p'],
    stop: options['stop'],
    seed: options['seed'],
    presence_penalty: options['presence_penalty'],
    frequency_penalty: options['frequency_penalty'],
    response_format: formatOf(body['format']),
    logprobs: body['logprobs'] === true ? true : undefined,
    top_logprobs: body['logprobs'] === true ? body['top_logprobs'] : undefined,
  })
}

export function without(fields: Map): Map {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null))
}

function formatOf(format: unknown): Map | undefined {
  if (isRecord(format)) return { type: 'json_schema', json_schema: { name: 'answer', schema: format } }
  return format === 'json' ? { type: 'json_object' } : undefined
}

/** A wish, which only upstreams that can think are to hear. */
export function effortOf(think: unknown): string | undefined {
  if (think === true) return 'medium'
  if (think === false) return 'none'
  const level = filled(think)
  return level === 'max' ? 'xhigh' : level
}
