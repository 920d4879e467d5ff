import type { GatewayError } from '../../chat/error.ts'
import { checkNumbers, MESSAGES_BOUNDS } from '../chat-completions/request/schema/number-bounds.ts'
import { createBodyCheck } from '../chat-completions/request/schema/body-check.ts'
import { byValue } from '../chat-completions/request/schema/if-then.ts'

const text = { type: 'string' }
const filled = { type: 'string', minLength: 1 }
/** A source by address, by its bytes, or by a file's id. */
const source = {
  type: 'object',
  anyOf: [
    { required: ['url'], properties: { url: filled } },
    { required: ['data', 'media_type'], properties: { data: filled, media_type: filled } },
    { required: ['file_id'], properties: { file_id: filled } },
    { required: ['content'] },
  ],
}
/** @param needed by kind, what no message of another API could be made without */
const blockOf = (needed: Record<string, object>) => ({
  type: 'object',
  required: ['type'],
  properties: { type: text },
  allOf: byValue('type', needed),
})
const media = { required: ['source'], properties: { source } }
const result = {
  required: ['tool_use_id'],
  properties: {
    tool_use_id: filled,
    content: { type: ['string', 'array', 'null'], items: blockOf({ image: media, document: media }) },
  },
}
const block = blockOf({
  text: { required: ['text'], properties: { text } },
  image: media,
  document: media,
  tool_use: { required: ['id', 'name'], properties: { id: filled, name: filled } },
  tool_result: result,
})
const blocks = { type: ['string', 'array'], items: block }
const orNull = (type: string, more: object = {}) => ({ type: [type, 'null'], ...more })

/** What must be so that the body can be read at all; what is new is for the upstream to judge, and ranges that any has. */
export const messagesSchema = {
  type: 'object',
  required: ['model', 'messages'],
  properties: {
    model: { type: 'string', minLength: 1 },
    max_tokens: orNull('integer'),
    messages: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['role', 'content'],
        properties: { role: { enum: ['user', 'assistant', 'system'] }, content: blocks },
      },
    },
    system: { type: ['string', 'array', 'null'], items: blocks.items },
    tools: orNull('array', { items: { type: 'object', properties: { name: text, input_schema: { type: 'object' } } } }),
    tool_choice: orNull('object'),
    stop_sequences: orNull('array', { items: text }),
    temperature: orNull('number'),
    top_p: orNull('number'),
    stream: orNull('boolean'),
    thinking: orNull('object'),
    metadata: orNull('object'),
    output_config: orNull('object'),
  },
}

const checkBody = createBodyCheck(messagesSchema)

export function checkMessages(body: unknown): GatewayError | undefined {
  return checkBody(body) ?? checkNumbers(body, MESSAGES_BOUNDS)
}
