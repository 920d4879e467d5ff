/**
 * Pictures that a model made, in a history: no vendor takes them in a turn of the assistant, so they go into the words of the
 * user behind it, as pictures of tools' results do.
 */
import type { ChatRequest, Message, Part } from '../../chat/request.ts'
import { isMap } from '../../definition/scope.ts'

type Wire = Message['wire']

/** @param sees the model takes pictures, as far as anybody knows: else they are left out, with a warning */
export function withPicturesApart(request: ChatRequest, sees: boolean, warnings: string[]): ChatRequest {
  const { messages } = request
  if (!messages.some(isShown)) return request
  const apart: Message[] = []
  let held: Message[] = []
  const show = (): void => {
    const shown = held.flatMap(picturesOf)
    if (shown.length > 0 && sees) apart.push(asUser(shown, held.flatMap(wiresOf)))
    held = []
  }
  for (const message of messages) {
    // the results of its calls stand right behind an answer
    if (held.length > 0 && message.role !== 'tool') {
      if (message.role === 'user' && sees && held.some((each) => picturesOf(each).length > 0)) {
        apart.push(joined(asUser(held.flatMap(picturesOf), held.flatMap(wiresOf)), message))
        held = []
        continue
      }
      show()
    }
    if (isShown(message)) held.push(message)
    apart.push(isShown(message) ? wordsOnly(message, sees) : message)
  }
  show()
  tellOfLoss(messages, sees, warnings)
  return { ...request, messages: apart, body: { ...request.body, messages: apart.map(({ wire }) => wire) } }
}

function isShown({ role, content }: Message): boolean {
  return role === 'assistant' && content.some(isMedia)
}

function isMedia({ type }: Part): boolean {
  return type === 'image' || type === 'audio' || type === 'file'
}

function picturesOf({ content }: Message): Part[] {
  return content.filter(({ type }) => type === 'image')
}

function wiresOf({ wire }: Message): unknown[] {
  const inContent: unknown[] = Array.isArray(wire['content']) ? wire['content'] : []
  const beside: unknown[] = Array.isArray(wire['images']) ? wire['images'] : []
  return [...inContent, ...beside]
    .filter((part) => isMap(part) && part['type'] === 'image_url')
    .map((part) => ({ type: 'image_url', image_url: (part as Wire)['image_url'] }))
}

const ELSEWHERE = '(in the next message of the user)'
const UNSEEN = '(a picture)'
const LEFT_OUT = '(left out)'
const MADE = 'What you made:\n'

function wordsOnly(message: Message, sees: boolean): Message {
  const rest = message.content.filter((part) => !isMedia(part))
  const { images: _, ...wire } = message.wire
  const isEmpty = rest.length === 0 && !message.tool_calls
  const instead = picturesOf(message).length === 0 ? LEFT_OUT : sees ? ELSEWHERE : UNSEEN
  const text = isEmpty ? instead : message.text
  const content: Part[] = isEmpty && text !== undefined ? [{ type: 'text', text }] : rest
  return { ...message, content, ...(text !== undefined && { text }), wire: { ...wire, content: text ?? null } }
}

function asUser(pictures: Part[], wires: unknown[]): Message {
  const said: Part = { type: 'text', text: MADE }
  return {
    role: 'user',
    content: [said, ...pictures],
    text: MADE,
    wire: { role: 'user', content: [said, ...wires] },
  }
}

/** One message: some servers refuse two of the user in a row. */
function joined(pictures: Message, message: Message): Message {
  const { content } = message.wire
  const words: unknown[] = Array.isArray(content) ? content : content ? [{ type: 'text', text: content }] : []
  return {
    ...message,
    content: [...pictures.content, ...message.content],
    text: `${MADE}${message.text ?? ''}`,
    wire: { ...message.wire, content: [...(pictures.wire['content'] as unknown[]), ...words] },
  }
}

function tellOfLoss(messages: readonly Message[], sees: boolean, warnings: string[]): void {
  const kinds = new Set(messages.filter(isShown).flatMap(({ content }) => content.map(({ type }) => type)))
  if (kinds.has('image') && !sees)
    warnings.push('messages: this model takes no pictures, those that a model made left out')
  for (const kind of ['audio', 'file'])
    if (kinds.has(kind as Part['type'])) warnings.push(`messages: ${kind} parts of an answer are not taken, left out`)
}
