import { byValue } from './if-then.ts'

const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }

const partSchema = {
  type: 'object',
  required: ['type'],
  properties: { type: text },
  allOf: byValue('type', {
    text: { required: ['text'], properties: { text } },
    image_url: {
      required: ['image_url'],
      properties: { image_url: { type: ['object', 'string'], required: ['url'], properties: { url: text } } },
    },
    input_audio: {
      required: ['input_audio'],
      properties: {
        input_audio: { type: 'object', required: ['data'], properties: { data: text, format: text } },
      },
    },
    file: {
      required: ['file'],
      properties: {
        file: { type: 'object', properties: { file_data: textOrNull, file_id: textOrNull, filename: textOrNull } },
      },
    },
    refusal: { required: ['refusal'], properties: { refusal: text } },
  }),
}

/** Null is nothing: clients send it from every role, and the vendor may have its own words for that. */
const content = { type: ['string', 'array', 'null'], items: partSchema }

const calledFunction = {
  type: 'object',
  required: ['name'],
  properties: { name: text, arguments: { type: ['string', 'object', 'null'] } },
}

const toolCallSchema = {
  type: 'object',
  properties: { id: textOrNull, type: textOrNull, function: calledFunction },
}

export const messageSchema = {
  type: 'object',
  required: ['role'],
  properties: {
    role: { enum: ['system', 'developer', 'user', 'assistant', 'tool', 'function'] },
    name: textOrNull,
  },
  allOf: byValue('role', {
    system: { required: ['content'], properties: { content } },
    developer: { required: ['content'], properties: { content } },
    user: { required: ['content'], properties: { content } },
    assistant: {
      properties: {
        content,
        refusal: textOrNull,
        tool_calls: { type: ['array', 'null'], items: toolCallSchema },
        function_call: { ...calledFunction, type: ['object', 'null'] },
      },
    },
    // Clients of tools without a result send null, or nothing.
    tool: { required: ['tool_call_id'], properties: { content, tool_call_id: text } },
    function: { required: ['name'], properties: { content, name: text } },
  }),
}
