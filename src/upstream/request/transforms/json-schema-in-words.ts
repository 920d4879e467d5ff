/** For vendors without structured output: the schema goes into the instructions, and the answer is asked for as any JSON. */
import type { ChatRequest, Message } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

/** `keep`: `json_object` where the vendor has that mode; else the format is left out altogether. */
export const jsonSchemaInWords: RequestTransform = (options) => {
  const hasObjectMode = options['keep'] === 'json_object'
  return (request, warnings) => {
    const format = request.response_format
    if (!format || (format.type === 'json_object' && hasObjectMode)) return request
    if (format.type === 'json_schema')
      warnings.push('response_format: the schema is not taken, put into the instructions')
    const text =
      format.type === 'json_schema'
        ? `Answer with JSON that fits this JSON Schema, and nothing else:\n${JSON.stringify(format.schema)}`
        : 'Answer with one JSON object and nothing else.'
    const left: ChatRequest['response_format'] = hasObjectMode ? { type: 'json_object' } : undefined
    return {
      ...request,
      messages: [instruction(text), ...request.messages],
      response_format: left,
      body: { ...request.body, response_format: left },
    }
  }
}

function instruction(text: string): Message {
  return { role: 'system', content: [{ type: 'text', text }], text, wire: { role: 'system', content: text } }
}
