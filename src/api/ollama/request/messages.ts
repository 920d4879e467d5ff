/** Messages in OpenAI's form. */
import { filled, isRecord } from '../../chat-completions/json-value.ts'
import { toExtraContent } from '../../chat-completions/response/upstream-chunk/thought-signature.ts'
import { readSignedId } from '../../inbound/call-id-signature.ts'

type Map = Record<string, unknown>

/** Calls that have no result yet: clients that give no id answer them by name, or in their order. */
interface OpenCall {
  id: string
  name: string
}

export function toChatMessages(given: readonly Map[]): Map[] {
  const messages: Map[] = []
  const open: OpenCall[] = []
  for (const message of given) {
    const content = filled(message['content']) ?? ''
    switch (message['role']) {
      case 'assistant':
        messages.push(toAnswer(message, content, messages.length, open))
        break
      case 'tool': {
        const images = imagesOf(message)
        messages.push({ role: 'tool', tool_call_id: answered(message, open), content })
        if (images.length > 0) messages.push({ role: 'user', content: images })
        break
      }
      case 'user':
        messages.push({ role: 'user', content: withImages(content, message) })
        break
      default:
        messages.push({ role: message['role'], content })
    }
  }
  return messages
}

function toAnswer(message: Map, content: string, at: number, open: OpenCall[]): Map {
  const calls = listOf(message['tool_calls']).map((call, i) => {
    const { id, signature } = readSignedId(filled(call['id']) ?? `call_${at}_${i}`)
    const said = isRecord(call['function']) ? call['function'] : {}
    const name = String(said['name'])
    open.push({ id, name })
    const extra = signature === undefined ? {} : { extra_content: toExtraContent(signature) }
    return { id, type: 'function', function: { name, arguments: textOf(said['arguments']) }, ...extra }
  })
  const thinking = filled(message['thinking'])
  return {
    role: 'assistant',
    content: content === '' && calls.length > 0 ? null : content,
    ...(thinking !== undefined && { reasoning_content: thinking }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
}

/** The id of the call that a result answers. */
function answered(message: Map, open: OpenCall[]): string {
  const given = filled(message['tool_call_id'])
  const id = given === undefined ? undefined : readSignedId(given).id
  const name = filled(message['tool_name']) ?? filled(message['name'])
  const by = open.findIndex((call) => (id === undefined ? call.name === name : call.id === id))
  // the oldest, where neither is told
  const at = by < 0 && id === undefined && name === undefined && open.length > 0 ? 0 : by
  const [found] = at < 0 ? [] : open.splice(at, 1)
  return found?.id ?? id ?? name ?? ''
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : JSON.stringify(given ?? {})
}

/** One text and nothing else is a string: every server takes it. */
export function withImages(text: string, { images }: Map): string | Map[] {
  const parts = imagesOf({ images })
  if (parts.length === 0) return text
  return text === '' ? parts : [{ type: 'text', text }, ...parts]
}

function imagesOf({ images }: Map): Map[] {
  const list = Array.isArray(images) ? images.filter((each) => typeof each === 'string') : []
  return list.map((each) => ({ type: 'image_url', image_url: { url: addressOf(each) } }))
}

/** Base64 says no type; each kind of picture begins with bytes of its own. */
const BEGINNINGS: [start: string, type: string][] = [
  ['/9j/', 'image/jpeg'],
  ['R0lGOD', 'image/gif'],
  ['UklGR', 'image/webp'],
]

function addressOf(image: string): string {
  if (/^(data:|https?:)/.test(image)) return image
  const type = BEGINNINGS.find(([start]) => image.startsWith(start))?.[1] ?? 'image/png'
  return `data:${type};base64,${image}`
}

export function listOf(value: unknown): Map[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
