import { filled, isRecord } from '../../json-value.ts'
import { faultInChoice } from './fault.ts'
import { finishWord } from '../finish.ts'
import { fromMap } from './logprobs.ts'
import type { ChunkDelta } from './chunk-delta.ts'
import { wireToolCall } from './chunk-tool-call.ts'

/** OpenAI's own limit of `n`. */
const MOST_CHOICES = 128

/** One choice of an OpenAI-like chunk or completion as pieces, in the order in which a reader wants them. */
export function readChoice(choice: Record<string, unknown>, position: number): ChunkDelta[] {
  const said = choice['index']
  const index = typeof said === 'number' && Number.isInteger(said) && said >= 0 && said < MOST_CHOICES ? said : position
  // A server that sends the message so far beside the delta means the delta; a completion has a message only.
  const source = isRecord(choice['delta']) ? choice['delta'] : choice['message']
  const pieces: ChunkDelta[] = []
  if (isRecord(source)) readMessage(source, index, pieces)
  else if (Array.isArray(choice['messages']))
    readMessages((choice['messages'] as unknown[]).filter(isRecord), index, pieces)
  // legacy completions
  else readContent(choice['text'], index, pieces)

  const target = pieces.find((piece) => piece.text !== undefined) ?? pieces[0]
  const logprobs = ofOneToken(choice, target?.text) ?? choice['logprobs']
  if (isRecord(logprobs)) {
    if (target === undefined) pieces.push({ choice: index, logprobs })
    else target.logprobs = logprobs
  }

  const beside = objectsBeside(choice)
  if (beside !== undefined) pieces.push({ choice: index, beside })
  const fault = faultInChoice(choice)
  if (fault !== undefined) return [...pieces, { choice: index, error: fault }]
  const finish = finishWord(choice['finish_reason'])
  if (finish !== undefined && finish !== 'error') pieces.push({ choice: index, finish_reason: finish })
  // A role alone opens the choice.
  if (pieces.length === 0) pieces.push({ choice: index })
  return pieces
}

/** Servers that tell the logprob of a delta's one token as a number. */
function ofOneToken(choice: Record<string, unknown>, token: string | undefined): Record<string, unknown> | undefined {
  const { logprobs: logprob, top_logprobs: tops } = choice
  if (typeof logprob !== 'number' || token === undefined || !isRecord(choice['delta'])) return undefined
  return { content: [{ token, logprob, top_logprobs: fromMap(tops) }] }
}

const OF_A_CHOICE = new Set(['index', 'delta', 'message', 'messages', 'finish_reason', 'logprobs', 'error'])

function objectsBeside(choice: Record<string, unknown>): Record<string, unknown> | undefined {
  let beside: Record<string, unknown> | undefined
  for (const key in choice) {
    const value = choice[key]
    if (!OF_A_CHOICE.has(key) && isRecord(value) && Object.keys(value).length > 0) (beside ??= {})[key] = value
  }
  return beside
}

/** Servers that run tools themselves tell each step as a message: calls that are answered among them are none of the client's. */
function readMessages(messages: Record<string, unknown>[], choice: number, pieces: ChunkDelta[]): void {
  const answered = new Set(messages.map((message) => filled(message['tool_call_id'])))
  for (const message of messages) {
    const calls = Array.isArray(message['tool_calls']) ? (message['tool_calls'] as unknown[]).filter(isRecord) : []
    const own = calls.filter(({ id }) => id !== undefined && answered.has(filled(id)))
    for (const { id, function: called } of own)
      pieces.push({ choice, server_tools: [{ type: 'call', id, function: called }] })
    readMessage({ ...message, tool_calls: calls.filter((call) => !own.includes(call)) }, choice, pieces)
  }
}

function readMessage(message: Record<string, unknown>, choice: number, pieces: ChunkDelta[]): void {
  if (message['role'] === 'tool') {
    const { tool_call_id: id, content } = message
    pieces.push({ choice, server_tools: [{ type: 'result', id, content }] })
    return
  }
  const reasoning = filled(message['reasoning_content']) ?? filled(message['reasoning'])
  const details = message['reasoning_details']
  if (Array.isArray(details) && details.length > 0) {
    const thought = reasoning ?? details.map(detailText).join('')
    const carried = { reasoning_details: details.filter(isRecord) }
    pieces.push({ choice, ...(thought !== '' && { reasoning: thought }), carried })
  } else if (reasoning !== undefined) pieces.push({ choice, reasoning })

  readContent(message['content'], choice, pieces)
  const refusal = filled(message['refusal'])
  if (refusal !== undefined) pieces.push({ choice, refusal })

  const calls = message['tool_calls']
  if (Array.isArray(calls)) {
    const isWhole = calls.length > 1
    const ids = new Set<unknown>()
    for (const call of calls) {
      if (!isRecord(call)) continue
      const piece = wireToolCall(call, isWhole)
      pieces.push({
        choice,
        tool_call: piece.id !== undefined && ids.has(piece.id) ? { ...piece, another: true } : piece,
      })
      ids.add(piece.id)
    }
  }
  // servers that know both forms tell one call twice
  const legacy = Array.isArray(calls) && calls.length > 0 ? undefined : message['function_call']
  if (isRecord(legacy) && (filled(legacy['name']) ?? filled(legacy['arguments'])) !== undefined) {
    pieces.push({ choice, tool_call: wireToolCall({ index: -1, function: legacy }, false) })
  }
  if (Array.isArray(message['annotations']) && message['annotations'].length > 0) {
    pieces.push({ choice, annotations: message['annotations'] })
  }
  const carried = structured(message)
  if (carried !== undefined) pieces.push({ choice, carried })
}

/** A text, or a list of parts with thoughts among them. */
function readContent(content: unknown, choice: number, pieces: ChunkDelta[]): void {
  if (typeof content === 'string') {
    if (content !== '') pieces.push({ choice, text: content })
    return
  }
  if (!Array.isArray(content)) return
  for (const part of content) {
    if (typeof part === 'string') pieces.push({ choice, text: part })
    if (!isRecord(part)) continue
    const text = filled(part['text'])
    const thought = part['type'] === 'thinking' || part['type'] === 'reasoning' ? thoughtText(part) : ''
    if (thought !== '') pieces.push({ choice, reasoning: thought })
    else if (text !== undefined) pieces.push({ choice, text })
    const signature = thought === '' ? undefined : filled(part['signature'])
    if (signature !== undefined) pieces.push({ choice, reasoning_state: { signature } })
    readOther(part, choice, pieces)
    const refusal = filled(part['refusal'])
    if (refusal !== undefined) pieces.push({ choice, refusal })
  }
}

/** Pictures, files and sources that stand among the texts. */
function readOther(part: Record<string, unknown>, choice: number, pieces: ChunkDelta[]): void {
  const { type, image_url: image, url, title } = part
  if (type === 'image_url') {
    const place = isRecord(image) ? filled(image['url']) : filled(image)
    if (place !== undefined) pieces.push({ choice, images: [{ type: 'image_url', image_url: { url: place } }] })
  } else if (type === 'tool_file') pieces.push({ choice, server_tools: [part] })
  else if (type === 'tool_reference' && filled(url) !== undefined)
    pieces.push({ choice, annotations: [{ type: 'url_citation', url_citation: { url, title } }] })
}

function thoughtText(part: Record<string, unknown>): string {
  const thinking = part['thinking'] ?? part['text'] ?? part['summary']
  if (typeof thinking === 'string') return thinking
  if (!Array.isArray(thinking)) return ''
  return thinking.map((item: unknown) => (isRecord(item) ? (filled(item['text']) ?? '') : '')).join('')
}

function detailText(detail: unknown): string {
  return isRecord(detail) ? (filled(detail['text']) ?? filled(detail['summary']) ?? '') : ''
}

const READ = new Set([
  'role',
  'content',
  'refusal',
  'reasoning',
  'reasoning_content',
  'reasoning_details',
  'tool_calls',
  'function_call',
  'annotations',
])

/**
 * Fields that OpenAI's delta does not know, or that are an object there (audio). Only objects and lists are carried: a
 * text repeated on every chunk would be joined to nonsense by clients that concatenate what they do not know.
 */
function structured(message: Record<string, unknown>): Record<string, unknown> | undefined {
  let carried: Record<string, unknown> | undefined
  for (const key in message) {
    const value = message[key]
    if (typeof value !== 'object' || value === null || READ.has(key)) continue
    const isEmpty = Array.isArray(value) ? value.length === 0 : !Object.values(value).some(Boolean)
    if (!isEmpty) (carried ??= {})[key] = value
  }
  return carried
}
