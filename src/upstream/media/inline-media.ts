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

/** Throws a GatewayError `invalid_request` for a file that may not or cannot be fetched; see MediaFetcher. */
export function inlineMedia(
  request: ChatRequest,
  kinds: Kinds,
  media: MediaFetcher,
  signal: Cancellation,
): Promise<ChatRequest> {
  const known = FETCHED.get(request)
  if (known) return known
  const count = request.messages.reduce(
    (sum, { content }) => sum + content.filter((part) => isRemote(part, kinds)).length,
    0,
  )
  if (count === 0) return Promise.resolve(request)
  if (count > MOST_FILES) {
    const message = `This request names ${count} files by URL; at most ${MOST_FILES} are fetched. Send them inline.`
    throw new GatewayError('invalid_request', message, { param: 'messages' })
  }
  const fetched = fill(request, kinds, (url) => media.fetch(url, signal))
  FETCHED.set(request, fetched)
  return fetched
}

/** Whether a request names files by URL that its vendor does not fetch. */
export function namesFiles({ messages }: ChatRequest, kinds: Kinds): boolean {
  return messages.some(({ content }) => content.some((part) => isRemote(part, kinds)))
}

async function fill(request: ChatRequest, kinds: Kinds, fetch: Fetch): Promise<ChatRequest> {
  const messages = await Promise.all(request.messages.map((message) => fillMessage(message, kinds, fetch)))
  return { ...request, messages }
}

async function fillMessage(message: Message, kinds: Kinds, fetch: Fetch): Promise<Message> {
  if (!message.content.some((part) => isRemote(part, kinds))) return message
  const content = await Promise.all(
    message.content.map(async (part): Promise<Part> => {
      if (!isRemote(part, kinds)) return part
      const { url, ...rest } = part
      return { ...rest, ...(await fetch(url)) }
    }),
  )
  return { ...message, content }
}

function isRemote(part: Part, kinds: Kinds): part is Extract<Part, { url: string }> {
  // a place in the vendor's own store (s3:, gs:) is the vendor's to read
  const isNamed = (part.type === 'image' || part.type === 'file') && 'url' in part && kinds.has(part.type)
  return isNamed && /^https?:/i.test(part.url)
}
