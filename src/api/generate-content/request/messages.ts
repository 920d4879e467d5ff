/** Contents and their parts, in OpenAI's form. */
import { toExtraContent } from '../../chat-completions/response/upstream-chunk/thought-signature.ts'
import { asWord, filled, isRecord } from '../../chat-completions/json-value.ts'
import { invalid } from '../../chat-completions/request/invalid.ts'
import { isSaid } from '../../inbound/unread-fields.ts'
import { readEncrypted } from '../thought-state.ts'
import { camelKeys } from './camel-keys.ts'
import { toPart } from './parts.ts'

type Map = Record<string, unknown>

/** Calls that have no result yet: results of clients that name no id answer them by name, the oldest first. */
interface OpenCall {
  id: string
  name: string
}

/** @param losses gets what has no place there, one sentence each; `failed`: places of results in which a tool failed */
export function toChatMessages(body: Map, losses: string[]): { messages: Map[]; failed: number[] } {
  const messages: Map[] = []
  const system = isRecord(body['systemInstruction']) ? partsOf(body['systemInstruction']) : []
  const rules = typeof body['systemInstruction'] === 'string' ? [{ text: body['systemInstruction'] }] : system
  const texts = rules.flatMap(({ text }: Map) => (filled(text) === undefined ? [] : [{ type: 'text', text }]))
  if (texts.length > 0) messages.push({ role: 'system', content: plainest(texts) })
  const open: OpenCall[] = []
  const failed: number[] = []
  for (const content of [body['contents']].flat()) {
    if (typeof content === 'string') messages.push({ role: 'user', content })
    else if (isRecord(content)) {
      if (content['role'] === 'model') pushAnswer(partsOf(content), messages, open, losses)
      else pushQuestion(partsOf(content), messages, open, failed, losses)
    }
  }
  return { messages, failed }
}

function partsOf(content: Map): Map[] {
  return [content['parts']].flat().filter(isRecord).map(camelKeys)
}

/** Results stand before everything else: OpenAI wants them right behind their calls. */
function pushQuestion(parts: Map[], messages: Map[], open: OpenCall[], failed: number[], losses: string[]): void {
  const rest: Map[] = []
  for (const part of parts) {
    const result = part['functionResponse']
    if (!isRecord(result)) {
      rest.push(...toPart(part, losses))
      continue
    }
    const content =
      typeof result['response'] === 'string' ? result['response'] : JSON.stringify(result['response'] ?? {})
    if (isRecord(result['response']) && isSaid(result['response']['error'])) failed.push(messages.length)
    messages.push({ role: 'tool', tool_call_id: answered(result, open), content })
    rest.push(...partsOf(result).flatMap((each) => toPart(each, losses)))
  }
  if (rest.length > 0) messages.push({ role: 'user', content: plainest(rest) })
}

/** The id of the call that a result answers. */
function answered(result: Map, open: OpenCall[]): string {
  const id = filled(result['id'])
  const at = open.findIndex((call) => (id === undefined ? call.name === result['name'] : call.id === id))
  const [found] = at < 0 ? [] : open.splice(at, 1)
  return found?.id ?? id ?? asWord(result['name'])
}

function pushAnswer(parts: Map[], messages: Map[], open: OpenCall[], losses: string[]): void {
  const content: Map[] = []
  const calls: Map[] = []
  const details: Map[] = []
  let signature: string | undefined
  for (const part of parts) {
    const state = filled(part['thoughtSignature'])
    if (part['thought'] === true) pushThought(details, filled(part['text']), state)
    else if (isRecord(part['functionCall'])) {
      const call = part['functionCall']
      const id = filled(call['id']) ?? `call_${messages.length}_${calls.length}`
      const name = filled(call['name'])
      if (name === undefined) throw invalid('functionCall needs a name.', 'contents')
      open.push({ id, name })
      const extra = state === undefined ? {} : { extra_content: toExtraContent(state) }
      calls.push({ id, type: 'function', function: { name, arguments: JSON.stringify(call['args'] ?? {}) }, ...extra })
    } else {
      content.push(...toPart(part, losses))
      if (filled(part['text']) !== undefined || part['text'] === '') signature = state ?? signature
    }
  }
  if (content.length === 0 && calls.length === 0) return
  const thought = details.map((detail) => filled(detail['text']) ?? '').join('')
  messages.push({
    role: 'assistant',
    content: content.length > 0 ? plainest(content) : null,
    ...(thought !== '' && { reasoning_content: thought }),
    ...(details.length > 0 && { reasoning_details: details }),
    ...(signature !== undefined && { extra_content: toExtraContent(signature) }),
    ...(calls.length > 0 && { tool_calls: calls }),
  })
}

/** A thought may come in pieces, its state in the last one. */
function pushThought(details: Map[], text: string | undefined, state: string | undefined): void {
  const data = state === undefined ? undefined : readEncrypted(state)
  if (data !== undefined) {
    details.push({ type: 'reasoning.encrypted', data, index: details.length })
    return
  }
  const before = details.at(-1)
  if (before?.['type'] === 'reasoning.text' && before['signature'] === undefined) {
    before['text'] = `${String(before['text'] ?? '')}${text ?? ''}`
    if (state !== undefined) before['signature'] = state
    return
  }
  const signed = state === undefined ? {} : { signature: state }
  details.push({ type: 'reasoning.text', text: text ?? '', ...signed, index: details.length })
}

/** One text and nothing else is a string: every server takes it. */
function plainest(parts: Map[]): string | Map[] {
  const [only] = parts
  return parts.length === 1 && only?.['type'] === 'text' ? String(only['text']) : parts
}
