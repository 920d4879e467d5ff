import { createBodyCheck } from '../chat-completions/request/schema/body-check.ts'
import { byValue, ifThen } from '../chat-completions/request/schema/if-then.ts'

const orNull = (type: string, more: object = {}) => ({ type: [type, 'null'], ...more })
const filled = { type: 'string', minLength: 1 }
const named = { required: ['name'], properties: { name: filled } }

const needed = (...fields: string[]) => ({
  required: fields,
  properties: Object.fromEntries(fields.map((field) => [field, filled])),
})

/** Items without which no conversation can be read. */
const item = {
  type: 'object',
  properties: { type: orNull('string') },
  allOf: byValue('type', {
    function_call: needed('name'),
    custom_tool_call: needed('name'),
    function_call_output: needed('call_id'),
    custom_tool_call_output: needed('call_id'),
  }),
}

const format = {
  type: ['object', 'null'],
  required: ['type'],
  properties: { type: filled },
  allOf: byValue('type', {
    json_schema: { required: ['name', 'schema'], properties: { name: filled, schema: { type: 'object' } } },
  }),
}

/** What must be so that the body can be read at all; what is new, and ranges, are for the upstream to judge. */
export const responsesSchema = {
  type: 'object',
  required: ['model'],
  properties: {
    model: filled,
    input: { type: ['string', 'array', 'null'], items: ifThen({ type: 'object' }, item) },
    instructions: orNull('string'),
    max_output_tokens: orNull('integer'),
    tools: orNull('array', {
      items: { type: 'object', required: ['type'], allOf: byValue('type', { function: named, custom: named }) },
    }),
    tool_choice: { type: ['string', 'object', 'null'] },
    parallel_tool_calls: orNull('boolean'),
    stream: orNull('boolean'),
    store: orNull('boolean'),
    background: orNull('boolean'),
    previous_response_id: orNull('string'),
    text: orNull('object', { properties: { format } }),
    reasoning: orNull('object', { properties: { effort: orNull('string'), summary: orNull('string') } }),
    include: orNull('array', { items: { type: 'string' } }),
    metadata: orNull('object'),
    temperature: orNull('number'),
    top_p: orNull('number'),
    truncation: orNull('string'),
    user: orNull('string'),
  },
}

export const checkResponses = createBodyCheck(responsesSchema)
