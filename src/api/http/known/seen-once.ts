/** Which conversations came before, by how each begins: the instructions and the first question. */
import { crc32 } from 'node:zlib'

export interface SeenOnce {
  /** Did a conversation with this beginning come before? */
  again(body: Record<string, unknown>): boolean
}

/** Conversations that are remembered; of more, one takes another's place. */
const PLACES = 4096
/** Items that are looked at, and characters of each. */
const ITEMS = 3
const CHARACTERS = 1024

export function createSeenOnce(): SeenOnce {
  const seen = new Uint32Array(PLACES)
  return {
    again(body) {
      const name = nameOf(body)
      const isSeen = seen[name % PLACES] === name
      seen[name % PLACES] = name
      return isSeen
    },
  }
}

/** Of the texts with which the first items begin; never 0. */
function nameOf({ messages, input, contents }: Record<string, unknown>): number {
  const items = messages ?? input ?? contents
  if (!Array.isArray(items)) return 1
  let name = 0
  for (let at = 0; at < ITEMS && at < items.length; at++) name = crc32(textIn(items[at], CHARACTERS), name)
  return name || 1
}

/** The first characters of all that is text in there, in order. */
function textIn(value: unknown, most: number): string {
  if (typeof value === 'string') return value.slice(0, most)
  if (typeof value !== 'object' || value === null) return ''
  let text = ''
  for (const key in value) {
    text += textIn((value as Record<string, unknown>)[key], most - text.length)
    if (text.length >= most) break
  }
  return text
}
