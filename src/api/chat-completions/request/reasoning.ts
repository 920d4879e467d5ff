import type { Reasoning } from '../../../chat/request.ts'
import { joinDetails } from '../response/upstream-chunk/reasoning-details.ts'
import { filled, isRecord } from '../json-value.ts'

/**
 * The thoughts of an earlier answer that a client sent back, in whichever of the forms in use; the form that can hold
 * opaque state wins over plain text.
 */
export function parseReasoning(message: Record<string, unknown>): Reasoning[] {
  const text = filled(message['reasoning_content']) ?? filled(message['reasoning'])
  const blocks = [message['thinking_blocks'], message['content']].flatMap((list) => (Array.isArray(list) ? list : []))
  const found = first(fromDetails(message['reasoning_details'], text), fromBlocks(blocks))
  if (found.length > 0) return found
  return text === undefined ? [] : [{ text }]
}

function first(...lists: Reasoning[][]): Reasoning[] {
  return lists.find((list) => list.length > 0) ?? []
}

function fromDetails(details: unknown, text: string | undefined): Reasoning[] {
  if (!Array.isArray(details)) return []
  const items = joinDetails(details.filter(isRecord))
  const thoughts = items.flatMap((item): Reasoning[] => {
    const data = filled(item['data'])
    if (data !== undefined) return [{ data }]
    return thought(filled(item['text']) ?? filled(item['summary']), filled(item['signature']))
  })
  // A signature without its text, beside the text: they belong together when there is one of each.
  const [only, another] = thoughts.filter((each) => each.data === undefined)
  if (only !== undefined && another === undefined && only.text === undefined && text !== undefined) only.text = text
  return thoughts
}

/** `thinking` and `redacted_thinking` blocks, in a field of their own or among the content. */
function fromBlocks(blocks: unknown[]): Reasoning[] {
  return blocks.filter(isRecord).flatMap((block): Reasoning[] => {
    if (block['type'] === 'redacted_thinking') {
      const data = filled(block['data'])
      return data === undefined ? [] : [{ data }]
    }
    if (block['type'] !== 'thinking') return []
    return thought(thinkingText(block['thinking']), filled(block['signature']))
  })
}

function thinkingText(thinking: unknown): string | undefined {
  if (!Array.isArray(thinking)) return filled(thinking)
  return filled(thinking.map((item: unknown) => (isRecord(item) ? (filled(item['text']) ?? '') : '')).join(''))
}

function thought(text: string | undefined, signature: string | undefined): Reasoning[] {
  if (text === undefined && signature === undefined) return []
  return [{ ...(text !== undefined && { text }), ...(signature !== undefined && { signature }) }]
}
