import type { Message, Part, ToolCall } from '../../../chat/request.ts'
import { fromExtraContent } from '../response/upstream-chunk/thought-signature.ts'
import { madeOf, recurs } from '../../../runtime/recurring.ts'
import { filled, isRecord } from '../json-value.ts'
import { invalid } from './invalid.ts'
import { parseContent } from './parts.ts'
import { parseReasoning } from './reasoning.ts'
import { createOpenCalls, parseToolCalls, type OpenCalls } from './tool-calls.ts'

/** OpenAI's messages in normal form. Throws a GatewayError for what OpenAI refuses as well. */
export function parseMessages(wires: readonly unknown[]): Message[] {
  const calls = createOpenCalls()
  const messages: Message[] = []
  /** Those of which the calls know nothing yet. */
  let known = 0
  for (const wire of wires) {
    if (!isRecord(wire)) continue
    const made = madeOf(wire)
    // before a message that comes again at its place stands what stood before it
    const before = made?.get(parseMessage) as Parsed | undefined
    if (before?.position === messages.length) {
      messages.push(before.message)
      continue
    }
    for (; known < messages.length; known++) follow(messages[known] as Message, calls)
    const message = parseMessage(wire, messages.length, calls)
    known = messages.push(message)
    if (!made) continue
    recurs(message)
    made.set(parseMessage, { position: known - 1, message } satisfies Parsed)
  }
  return messages
}

interface Parsed {
  position: number
  message: Message
}

/** What a message that is parsed already does to the calls. */
function follow({ role, tool_calls: made, wire }: Message, calls: OpenCalls): void {
  if (made) calls.made(made)
  else if (role === 'tool' && wire) findCall(wire, calls)
}

function parseMessage(wire: Record<string, unknown>, position: number, calls: OpenCalls): Message {
  const content = withMark(parseContent(wire['content'], position), wire['cache_control'])
  const text = textOf(content)
  const message: Message = { role: 'user', content, wire }
  if (text !== '') message.text = text
  const name = filled(wire['name'])
  switch (wire['role']) {
    case 'tool':
    case 'function':
      // clients of several vendors leave the field of another's in it
      if (wire['is_error'] === true) message.is_error = true
      return Object.assign(message, { role: 'tool' }, answeredCall(wire, position, calls))
    case 'assistant':
      // pictures of an answer, as the vendors that draw tell them and our own answers have them
      if (Array.isArray(wire['images'])) message.content = [...content, ...parseContent(wire['images'], position)]
      Object.assign(message, { role: 'assistant' }, parseAnswer(wire, position, calls))
      break
    case 'developer':
    case 'system':
      message.role = 'system'
      break
    default:
  }
  if (name !== undefined) message.name = name
  return message
}

/** Some clients set the mark of the cache beside the content: it means the content's last part. */
function withMark(content: Part[], mark: unknown): Part[] {
  const last = content.at(-1)
  if (!isRecord(mark) || last === undefined || 'cache_control' in last) return content
  return [...content.slice(0, -1), { ...last, cache_control: mark } as Part]
}

function textOf(content: readonly Part[]): string {
  let text = ''
  for (const part of content) if (part.type === 'text') text += part.text
  return text
}

/** What only an assistant message has. */
function parseAnswer(wire: Record<string, unknown>, position: number, calls: OpenCalls): Partial<Message> {
  const toolCalls = parseToolCalls(wire, position)
  calls.made(toolCalls)
  const reasoning = parseReasoning(wire)
  const refusal = filled(wire['refusal']) ?? refusalPart(wire['content'])
  const signature = fromExtraContent(wire['extra_content'])
  return {
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
    ...(refusal !== undefined && { refusal }),
    ...(reasoning.length > 0 && { reasoning }),
    ...(signature !== undefined && { signature }),
  }
}

function refusalPart(content: unknown): string | undefined {
  if (!Array.isArray(content)) return undefined
  const part = content.find((each) => isRecord(each) && each['type'] === 'refusal') as { refusal?: unknown } | undefined
  return filled(part?.refusal)
}

/** A tool result says whose it is: the id of the call and the name of the tool. */
function answeredCall(
  wire: Record<string, unknown>,
  position: number,
  calls: OpenCalls,
): Pick<Message, 'tool_call_id' | 'name'> {
  const said = filled(wire['name'])
  const call = findCall(wire, calls)
  if (wire['role'] === 'function') {
    return { tool_call_id: call?.id ?? `call_${position}_0`, ...(said !== undefined && { name: said }) }
  }
  const id = idOf(wire)
  const name = call?.name ?? said
  if (name === undefined) {
    throw invalid(
      `A tool's result must answer a call before it, and none has the id "${id}".`,
      `messages[${position}].tool_call_id`,
    )
  }
  return { tool_call_id: call?.id ?? id, name }
}

function findCall(wire: Record<string, unknown>, calls: OpenCalls): ToolCall | undefined {
  const said = filled(wire['name'])
  if (wire['role'] === 'function') return calls.answeredByName(said ?? '')
  const id = idOf(wire)
  return calls.answered(id) ?? (id === '' && said !== undefined ? calls.answeredByName(said) : undefined)
}

function idOf(wire: Record<string, unknown>): string {
  return typeof wire['tool_call_id'] === 'string' ? wire['tool_call_id'] : ''
}
