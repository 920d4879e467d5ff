import type { Part } from '../../../chat/request.ts'
import { filled, isRecord } from '../json-value.ts'
import { cleanBase64, readDataUrl, typeOfFile, type Media } from './data-url.ts'
import { invalid } from './invalid.ts'

/** A message's content as a list of parts; empty text is nothing. @param position the message's own, for errors */
export function parseContent(content: unknown, position: number): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', text: content }]
  if (!Array.isArray(content)) return []
  return content.flatMap((part: unknown, index) => parsePart(part, `messages[${position}].content[${index}]`))
}

function parsePart(part: unknown, path: string): Part[] {
  if (typeof part === 'string') return part === '' ? [] : [{ type: 'text', text: part }]
  if (!isRecord(part)) return []
  const cache = cacheControl(part)
  switch (part['type']) {
    case 'text': {
      const text = filled(part['text'])
      return text === undefined ? [] : [{ type: 'text', text, ...cache }]
    }
    case 'image_url':
      return [parseImage(part['image_url'], cache, `${path}.image_url`)]
    case 'input_audio':
      return [parseAudio(part['input_audio'], `${path}.input_audio`)]
    case 'file':
      return [parseFile(part['file'], cache, `${path}.file`)]
    case 'document_url':
      return [
        parseFile({ file_data: part['document_url'], filename: part['document_name'] }, cache, `${path}.document_url`),
      ]
    // Told beside the content: the message's own refusal and thoughts.
    case 'refusal':
    case 'thinking':
    case 'redacted_thinking':
      return []
    default:
      return [{ type: `other:${String(part['type'])}` }]
  }
}

type Cache = { cache_control?: unknown }

/** OpenAI's explicit breakpoint and the mark that clients of other vendors set say the same. */
function cacheControl(part: Record<string, unknown>): Cache {
  if (isRecord(part['cache_control'])) return { cache_control: part['cache_control'] }
  const breakpoint = part['prompt_cache_breakpoint']
  return isRecord(breakpoint) && breakpoint['mode'] === 'explicit' ? { cache_control: { type: 'ephemeral' } } : {}
}

function parseImage(image: unknown, cache: Cache, path: string): Part {
  const url = filled(isRecord(image) ? image['url'] : image)?.trim()
  if (url === undefined || url === '') throw invalid('An image needs a URL.', `${path}.url`)
  const detail = isRecord(image) ? filled(image['detail']) : undefined
  const rest = { ...(detail !== undefined && { detail }), ...cache }
  const media = mediaAt(url, `${path}.url`)
  if (media !== undefined) return { type: 'image', ...media, ...rest }
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) {
    throw invalid(
      'An image is given by an https URL or by a data URL: data:image/png;base64,…',
      `${path}.url`,
      'invalid_image_url',
    )
  }
  return { type: 'image', url, ...rest }
}

function parseAudio(audio: unknown, path: string): Part {
  const data = isRecord(audio) ? filled(audio['data']) : undefined
  if (!isRecord(audio) || data === undefined) throw invalid('Audio needs its data in base64.', `${path}.data`)
  const media = mediaAt(data, `${path}.data`)
  const format = filled(audio['format'])?.toLowerCase() ?? media?.media_type.split('/')[1] ?? 'wav'
  return { type: 'audio', media_type: `audio/${format}`, data: media?.data ?? cleanBase64(data), format }
}

function parseFile(file: unknown, cache: Cache, path: string): Part {
  if (!isRecord(file)) throw invalid('A file part needs a file.', path)
  const name = filled(file['filename'])
  const rest = { ...(name !== undefined && { filename: name }), ...cache }
  const id = filled(file['file_id'])
  if (id !== undefined) return { type: 'file', file_id: id, ...(name !== undefined && { filename: name }) }
  const data = filled(file['file_data']) ?? filled(file['file_url']) ?? filled(file['url'])
  if (data === undefined) throw invalid('A file needs file_data or file_id.', path)
  if (/^(https?|gs|s3):/i.test(data)) return { type: 'file', url: data, ...rest }
  const media = mediaAt(data, `${path}.file_data`)
  return { type: 'file', ...(media ?? { media_type: typeOfFile(name), data: cleanBase64(data) }), ...rest }
}

function mediaAt(url: string, path: string): Media | undefined {
  const media = readDataUrl(url)
  if (media === null) throw invalid('The data URL is broken; it must read data:<media type>;base64,<data>.', path)
  return media
}
