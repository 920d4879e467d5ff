/** System, messages and their blocks, in OpenAI's form. */
import { filled, isRecord } from '../../chat-completions/json-value.ts'
import { madeOf, once, recurs } from '../../../runtime/recurring.ts'
import { toExtraContent } from '../../chat-completions/response/upstream-chunk/thought-signature.ts'
import { readSignedId } from '../../inbound/call-id-signature.ts'
import { textParts, toParts } from './parts.ts'

type Map = Record<string, unknown>

export interface ChatMessages {
  messages: Map[]
  tools: Map[]
  /** Places of results in which a tool failed. */
  failed: number[]
}

/** @param losses gets what has no place there, one sentence each */
export function toChatMessages(body: Map, losses: string[]): ChatMessages {
  const messages: Map[] = []
  const tools: Map[] = []
  const failed: number[] = []
  pushSystem(body['system'], messages)
  for (const message of list(body['messages'])) {
    const turn = once(message, toTurn)
    for (const place of turn.failed) failed.push(messages.length + place)
    messages.push(...turn.messages)
    tools.push(...turn.tools)
    for (const loss of turn.losses) if (!losses.includes(loss)) losses.push(loss)
  }
  return { messages, tools, failed }
}

interface Turn extends ChatMessages {
  losses: string[]
}

/** One message, whatever stands before it: of one that comes again it is made once. */
function toTurn(message: Map): Turn {
  const { role, content } = message
  const turn: Turn = { messages: [], tools: [], failed: [], losses: [] }
  if (role === 'system') {
    for (const block of list(content)) if (isRecord(block['tool'])) turn.tools.push(block['tool'])
    pushSystem(content, turn.messages)
  } else if (role === 'assistant') pushAnswer(content, turn.messages, turn.losses)
  else pushQuestion(content, turn.messages, turn.failed, turn.losses)
  if (madeOf(message)) turn.messages.forEach(recurs)
  return turn
}

function pushSystem(content: unknown, messages: Map[]): void {
  const parts = textParts(content)
  if (parts.length > 0) messages.push({ role: 'system', content: plainest(parts) })
}

/** Results of tools stand before everything else: OpenAI wants them right behind their calls. */
function pushQuestion(content: unknown, messages: Map[], failed: number[], losses: string[]): void {
  if (typeof content === 'string') return void messages.push({ role: 'user', content })
  const blocks = list(content)
  const parts: Map[] = []
  for (const block of blocks) {
    if (block['type'] !== 'tool_result') continue
    const { id } = readSignedId(String(block['tool_use_id']))
    const said = toParts(block['content'], losses)
    const isError = block['is_error'] === true
    const texts = said.filter((part) => part['type'] === 'text')
    const result = isError ? sayError(texts) : texts
    if (isError) failed.push(messages.length)
    messages.push({ role: 'tool', tool_call_id: id, content: result.length > 0 ? plainest(result) : '' })
    // a result of OpenAI's holds text alone: what else it has comes right behind
    parts.push(...said.filter((part) => part['type'] !== 'text'))
  }
  parts.push(...toParts(blocks, losses))
  if (parts.length > 0) messages.push({ role: 'user', content: plainest(parts) })
}

/** Most APIs have no field for it: the text says that the tool failed, unless it begins with that anyway. */
function sayError(texts: Map[]): Map[] {
  const [first, ...rest] = texts
  if (!first) return [{ type: 'text', text: 'Error' }]
  const text = String(first['text'])
  return /error/i.test(text.slice(0, BEGINNING)) ? texts : [{ ...first, text: `Error: ${text}` }, ...rest]
}

/** Characters in which a text that tells of an error names it. */
const BEGINNING = 80

function pushAnswer(content: unknown, messages: Map[], losses: string[]): void {
  if (typeof content === 'string') return void messages.push({ role: 'assistant', content })
  const parts: Map[] = []
  const calls: Map[] = []
  const details: Map[] = []
  for (const block of list(content)) {
    switch (block['type']) {
      case 'tool_use': {
        const { id, signature } = readSignedId(String(block['id']))
        const called = { name: block['name'], arguments: JSON.stringify(block['input'] ?? {}) }
        const extra = signature === undefined ? {} : { extra_content: toExtraContent(signature) }
        calls.push({ id, type: 'function', function: called, ...extra })
        break
      }
      case 'thinking':
        details.push({
          type: 'reasoning.text',
          text: block['thinking'],
          signature: filled(block['signature']) ?? null,
          index: details.length,
        })
        break
      case 'redacted_thinking':
        details.push({ type: 'reasoning.encrypted', data: block['data'], index: details.length })
        break
      default:
        parts.push(...toParts([block], losses))
    }
  }
  if (parts.length === 0 && calls.length === 0) return
  const thought = details.map((detail) => filled(detail['text']) ?? '').join('')
  messages.push({
    role: 'assistant',
    content: parts.length > 0 ? plainest(parts) : null,
    ...(thought !== '' && { reasoning_content: thought }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(calls.length > 0 && { tool_calls: calls }),
  })
}

/** One text that is nothing but that is a string: every server takes it. */
function plainest(parts: Map[]): string | Map[] {
  const [only] = parts
  return parts.length === 1 && only?.['type'] === 'text' && only['cache_control'] === undefined
    ? String(only['text'])
    : parts
}

function list(value: unknown): Map[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
