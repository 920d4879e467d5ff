import type { GatewayError } from '../../../../chat/error.ts'
import { checkNumbers } from './number-bounds.ts'
import { messageSchema } from './message.ts'
import { createBodyCheck } from './body-check.ts'
import { schemaError } from './schema-error.ts'
import { toolChoiceSchema, toolSchema } from './tool.ts'
import { byValue } from './if-then.ts'

const nullable = (type: string, bounds: object = {}) => ({ type: [type, 'null'], ...bounds })

const jsonSchemaFormat = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, schema: { type: 'object' }, strict: nullable('boolean') },
}

/**
 * The request body: OpenAI's types, lenient where other vendors know more words or fields. Ranges are each vendor's own, and
 * its answer names them better, but for what nobody takes. Nothing is coerced, removed or filled in: the body goes on as it came.
 */
export const chatRequestSchema = {
  type: 'object',
  required: ['model', 'messages'],
  properties: {
    model: { type: 'string', minLength: 1 },
    messages: { type: 'array', minItems: 1, items: messageSchema },
    tools: nullable('array', { items: toolSchema }),
    tool_choice: toolChoiceSchema,
    parallel_tool_calls: nullable('boolean'),
    functions: nullable('array', {
      items: { type: 'object', required: ['name'], properties: { name: { type: 'string', minLength: 1 } } },
    }),
    function_call: { type: ['string', 'object', 'null'] },
    max_tokens: nullable('integer'),
    max_completion_tokens: nullable('integer'),
    temperature: nullable('number'),
    top_p: nullable('number'),
    presence_penalty: nullable('number'),
    frequency_penalty: nullable('number'),
    stop: { type: ['string', 'array', 'null'], items: { type: 'string' } },
    seed: {}, // a long one is a bigint, of which no schema knows
    n: nullable('integer'),
    logit_bias: nullable('object', { additionalProperties: { type: 'number' } }),
    logprobs: nullable('boolean'),
    top_logprobs: nullable('integer'),
    user: nullable('string'),
    response_format: nullable('object', {
      required: ['type'],
      properties: { type: { type: 'string' } },
      allOf: byValue('type', {
        json_schema: { required: ['json_schema'], properties: { json_schema: jsonSchemaFormat } },
      }),
    }),
    reasoning_effort: nullable('string'),
    verbosity: nullable('string'),
    service_tier: nullable('string'),
    stream: nullable('boolean'),
    stream_options: nullable('object', { properties: { include_usage: nullable('boolean') } }),
    metadata: nullable('object'),
    modalities: nullable('array'),
    store: nullable('boolean'),
    extra_body: nullable('object'),
  },
}

const checkBody = createBodyCheck(chatRequestSchema)

/** The first fault of a body as the error that the client gets; undefined ifThen there is none. */
export function checkChatRequest(body: unknown): GatewayError | undefined {
  const outside = checkNumbers(body)
  if (outside) return outside
  if (!isSeed((body as { seed?: unknown } | null)?.seed)) return schemaError(NO_INTEGER, body)
  return checkBody(body)
}

const NO_INTEGER = { keyword: 'type', instancePath: '/seed', schemaPath: '', params: { type: ['integer', 'null'] } }

function isSeed(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'bigint' || Number.isInteger(value)
}
