/** Puts the bytes of files that a client named by URL in their place, for vendors that take nothing else. */
import type { Cancellation } from '../../runtime/cancellation.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest, Message, Part } from '../../chat/request.ts'
import type { Media, MediaFetcher } from './fetch-media.ts'

/** Files of one request that are fetched. */
const MOST_FILES = 32

type Kinds = ReadonlySet<'image' | 'file'>
type Fetch = (url: string) => Promise<Media>

/** Another try of the same request does not fetch its files again. */
const FETCHED = new WeakMap<ChatRequest, Promise<ChatRequest>>()

/**
 * Throws a GatewayError `invalid_request` for a file of the client's that may not or cannot be fetched; see MediaFetcher. What a
 * model made in an earlier turn is left out instead, with a warning: such addresses expire, and the conversation goes on.
 */
export function inlineMedia(
  request: ChatRequest,
  kinds: Kinds,
  media: MediaFetcher,
  signal: Cancellation,
): Promise<ChatRequest> {
  const known = FETCHED.get(request)
  if (known) return known
  const remote = request.messages.flatMap(({ role, content }) =>
    content.filter((part) => isRemote(part, kinds)).map((part) => ({ part, isMade: role === 'assistant' })),
  )
  if (remote.length === 0) return Promise.resolve(request)
  const made = remote.filter(({ isMade }) => isMade).map(({ part }) => part)
  const own = remote.length - made.length
  if (own > MOST_FILES) {
    const message = `This request names ${own} files by URL; at most ${MOST_FILES} are fetched. Send them inline.`
    throw new GatewayError('invalid_request', message, { param: 'messages' })
  }
  // of those that were made the newest
  const wanted = new Set(made.slice(Math.max(0, made.length - (MOST_FILES - own))))
  const fetched = fill(request, kinds, (url) => media.fetch(url, signal), wanted)
  FETCHED.set(request, fetched)
  return fetched
}

/** Whether a request names files by URL that its vendor does not fetch. */
export function namesFiles({ messages }: ChatRequest, kinds: Kinds): boolean {
  return messages.some(({ content }) => content.some((part) => isRemote(part, kinds)))
}

async function fill(request: ChatRequest, kinds: Kinds, fetch: Fetch, wanted: ReadonlySet<Part>): Promise<ChatRequest> {
  let lost = 0
  async function made(part: Part & { url: string }): Promise<Part> {
    try {
      if (wanted.has(part)) return await inlined(part, fetch)
    } catch (error) {
      if (!(error instanceof GatewayError) || error.kind !== 'invalid_request') throw error
    }
    lost++
    return { type: 'text', text: GONE }
  }
  async function fillMessage(message: Message): Promise<Message> {
    if (!message.content.some((part) => isRemote(part, kinds))) return message
    const content = message.content.map((part) => {
      if (!isRemote(part, kinds)) return part
      return message.role === 'assistant' ? made(part) : inlined(part, fetch)
    })
    return { ...message, content: await Promise.all(content) }
  }
  const messages = await Promise.all(request.messages.map(fillMessage))
  if (lost === 0) return { ...request, messages }
  const loss = `messages: ${lost} of the files that a model made cannot be fetched any more, left out`
  return { ...request, messages, losses: [...(request.losses ?? []), loss] }
}

const GONE = '(a file that is no longer there)'

async function inlined({ url, ...rest }: Part & { url: string }, fetch: Fetch): Promise<Part> {
  return { ...rest, ...(await fetch(url)) } as Part
}

function isRemote(part: Part, kinds: Kinds): part is Extract<Part, { url: string }> {
  // a place in the vendor's own store (s3:, gs:) is the vendor's to read
  const isNamed = (part.type === 'image' || part.type === 'file') && 'url' in part && kinds.has(part.type)
  return isNamed && /^https?:/i.test(part.url)
}
