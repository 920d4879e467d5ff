import type { GatewayError } from '../../chat/error.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { checkNumbers, OLLAMA_BOUNDS } from '../chat-completions/request/schema/number-bounds.ts'
import { createBodyCheck } from '../chat-completions/request/schema/body-check.ts'
import { schemaError } from '../chat-completions/request/schema/schema-error.ts'

const text = { type: 'string' }
const orNull = (type: string, more: object = {}) => ({ type: [type, 'null'], ...more })
const images = orNull('array', { items: text })
const number = orNull('number')

/** Those that have a place beyond this API; whatever else is an option is for its own servers to judge. */
const options = orNull('object', {
  properties: {
    num_predict: number,
    temperature: number,
    top_p: number,
    seed: {}, // one beyond 2^53 is no number of this schema's
    presence_penalty: number,
    frequency_penalty: number,
    stop: { type: ['string', 'array', 'null'], items: text },
  },
})

const common = {
  model: { type: 'string', minLength: 1 },
  stream: orNull('boolean'),
  format: { type: ['string', 'object', 'null'] },
  think: { type: ['boolean', 'string', 'null'] },
  logprobs: orNull('boolean'),
  top_logprobs: number,
  options,
}

/** What must be so that a body can be read at all. */
const chatSchema = {
  type: 'object',
  required: ['model'],
  properties: {
    ...common,
    messages: orNull('array', {
      items: {
        type: 'object',
        required: ['role'],
        properties: {
          role: { enum: ['system', 'developer', 'user', 'assistant', 'tool'] },
          content: orNull('string'),
          thinking: orNull('string'),
          images,
          tool_calls: orNull('array', {
            items: {
              type: 'object',
              required: ['function'],
              properties: {
                function: {
                  type: 'object',
                  required: ['name'],
                  properties: { name: { type: 'string', minLength: 1 } },
                },
              },
            },
          }),
        },
      },
    }),
    tools: orNull('array', { items: { type: 'object', required: ['function'] } }),
  },
}

const generateSchema = {
  type: 'object',
  required: ['model'],
  properties: {
    ...common,
    prompt: orNull('string'),
    suffix: orNull('string'),
    system: orNull('string'),
    raw: orNull('boolean'),
    images,
  },
}

const checkChatBody = createBodyCheck(chatSchema)
const checkGenerateBody = createBodyCheck(generateSchema)

export function checkChat(body: unknown): GatewayError | undefined {
  return checkChatBody(body) ?? checkOptions(body)
}

export function checkGenerate(body: unknown): GatewayError | undefined {
  return checkGenerateBody(body) ?? checkOptions(body)
}

const NO_SEED = {
  keyword: 'type',
  instancePath: '/options/seed',
  schemaPath: '',
  params: { type: ['integer', 'null'] },
}

function checkOptions(body: unknown): GatewayError | undefined {
  const given = isRecord(body) && isRecord(body['options']) ? body['options'] : {}
  if (!['number', 'bigint', 'undefined'].includes(typeof (given['seed'] ?? undefined)))
    return schemaError(NO_SEED, body)
  return checkNumbers(given, OLLAMA_BOUNDS, 'options.')
}
