/** Requests that share a beginning share a vendor's prompt cache: the name of that beginning, for the scheduler. */
import { crc32 } from 'node:zlib'
import type { ChatRequest } from '../chat/request.ts'

/** Characters of the instructions and of the first question that are looked at: vendors cache from about 1,024 tokens on. */
const PREFIX = 4096
/** Characters of a session's name that are kept as they are, with a hash of longer ones: thousands are remembered. */
const LONGEST_NAME = 64

/** The client's own name for its cache or its session, else a hash of the first messages and the tools' names. */
export function cacheAffinityKey(
  request: ChatRequest,
  { client, session }: { client?: string; session?: string },
): string {
  const own = nameIn(request) ?? session
  if (own !== undefined) return `${client ?? ''}|${shortName(own)}`
  // quick, and good enough to tell prompts apart: 4,096 characters cost 2 µs, one by one in JavaScript 20
  let hash = crc32(client ?? '')
  for (const tool of request.tools ?? []) hash = crc32(tool.name, hash)
  let left = PREFIX
  for (const message of request.messages) {
    const isFirst = message.role === 'user'
    const text = message.text?.slice(0, isFirst ? PREFIX : left) ?? ''
    hash = crc32(text, hash)
    left -= text.length
    // a conversation goes on behind its first question: what follows would tear it from its cache
    if (isFirst) break
  }
  return hash.toString(36)
}

function shortName(name: string): string {
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME)}…${crc32(name).toString(36)}`
}

/** Tokens: vendors keep no shorter beginning. A conversation that has a name may be about to grow. */
const CACHED_FROM = 1024

/** Is it too short for any cache, and no named conversation's? */
export function isShort(request: ChatRequest, input: number, { session }: { session?: string }): boolean {
  return input < CACHED_FROM && session === undefined && nameIn(request) === undefined
}

/** Fields of the body by which clients name what shares a cache. */
const NAMES = ['prompt_cache_key', 'session_id', 'conversation_id']

function nameIn({ options, extra }: ChatRequest): string | undefined {
  for (const name of NAMES) {
    const value = options[name] ?? extra[name]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}
