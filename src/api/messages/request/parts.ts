/** Content blocks as OpenAI's parts. */
import { asWord, filled, isRecord } from '../../chat-completions/json-value.ts'

type Map = Record<string, unknown>

/** The texts of a content, empty ones left out. */
export function textParts(content: unknown): Map[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (!Array.isArray(content)) return []
  return content.filter(isRecord).flatMap((block) => (block['type'] === 'text' ? textPart(block) : []))
}

/** @param losses gets the kinds of blocks that have no place there */
export function toParts(content: unknown, losses: string[]): Map[] {
  if (!Array.isArray(content)) return textParts(content)
  return content.filter(isRecord).flatMap((block) => toPart(block, losses))
}

function toPart(block: Map, losses: string[]): Map[] {
  const cache = isRecord(block['cache_control']) ? { cache_control: block['cache_control'] } : {}
  switch (block['type']) {
    case 'text':
      return textPart(block)
    case 'image': {
      const source = isRecord(block['source']) ? block['source'] : {}
      if (filled(source['file_id']) !== undefined) return [{ type: 'file', file: { file_id: source['file_id'] } }]
      return [{ type: 'image_url', image_url: { url: urlOf(source) }, ...cache }]
    }
    case 'document':
      return toDocument(block, cache, losses)
    case 'search_result':
      return [
        { type: 'text', text: [block['title'], block['source']].filter(filled).join('\n') },
        ...textParts(block['content']),
      ]
    case 'tool_result':
      return []
    default: {
      const loss = `messages: blocks of type ${String(block['type']).slice(0, 60)} are for an upstream of the same API, left out`
      if (!losses.includes(loss)) losses.push(loss)
      return []
    }
  }
}

function textPart(block: Map): Map[] {
  const text = filled(block['text'])
  if (text === undefined) return []
  return [{ type: 'text', text, ...(isRecord(block['cache_control']) && { cache_control: block['cache_control'] }) }]
}

function toDocument(block: Map, cache: Map, losses: string[]): Map[] {
  const source = isRecord(block['source']) ? block['source'] : {}
  const title = filled(block['title'])
  const named = title === undefined ? {} : { filename: title }
  switch (source['type']) {
    case 'text':
      return textPart({ text: [title, source['data']].filter(filled).join('\n\n'), ...cache })
    case 'content':
      return toParts(source['content'], losses)
    case 'file':
      return [{ type: 'file', file: { file_id: source['file_id'], ...named } }]
    default:
      return [{ type: 'file', file: { file_data: urlOf(source), ...named }, ...cache }]
  }
}

function urlOf(source: Map): string {
  if (typeof source['url'] === 'string') return source['url']
  return `data:${asWord(source['media_type'])};base64,${asWord(source['data'])}`
}
