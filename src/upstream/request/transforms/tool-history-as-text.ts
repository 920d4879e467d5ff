/** Where no tool may be called, earlier calls and their results become text: some vendors refuse them without tools. */
import type { ChatRequest, Message, Part } from '../../../chat/request.ts'
import type { RequestTransform } from './request-transform.ts'

export const toolHistoryAsText: RequestTransform = () => (request) => {
  if (request.tools && request.tool_choice !== 'none') return request
  const bare: ChatRequest = { ...request, tools: undefined, tool_choice: undefined, parallel_tool_calls: undefined }
  const touched = request.messages.some((message) => message.role === 'tool' || message.tool_calls)
  return touched ? { ...bare, messages: request.messages.map(asText) } : bare
}

function asText(message: Message): Message {
  if (message.role === 'tool') {
    const heading = `[Result of ${message.name ?? 'the tool'}]\n`
    return said({ ...message, role: 'user', tool_call_id: undefined, name: undefined }, [
      { type: 'text', text: heading },
      ...message.content,
    ])
  }
  if (!message.tool_calls) return message
  const calls = message.tool_calls.map((call): Part => ({
    type: 'text',
    text: `[Called ${call.name} with ${JSON.stringify(call.arguments)}]\n`,
  }))
  return said({ ...message, tool_calls: undefined }, [...message.content, ...calls])
}

function said(message: Message, content: Part[]): Message {
  const text = content.map((part) => (part.type === 'text' ? part.text : '')).join('')
  return { ...message, content, text, wire: { role: message.role, content: text } }
}
