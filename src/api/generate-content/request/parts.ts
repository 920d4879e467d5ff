/** Parts as OpenAI's. */
import { invalid } from '../../chat-completions/request/invalid.ts'
import { filled, isRecord } from '../../chat-completions/json-value.ts'
import { camelKeys } from './camel-keys.ts'

type Map = Record<string, unknown>

/** Sounds that OpenAI takes, by media type. */
const SOUNDS: Record<string, string> = {
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'audio/mp3': 'mp3',
  'audio/mpeg': 'mp3',
}

/** @param losses gets the kinds of parts that have no place there */
export function toPart(part: Map, losses: string[]): Map[] {
  const text = filled(part['text'])
  if (text !== undefined) return [{ type: 'text', text }]
  if (isRecord(part['inlineData'])) return [toMedia(camelKeys(part['inlineData']))]
  if (isRecord(part['fileData'])) return [toFile(camelKeys(part['fileData']))]
  const kind = Object.keys(part).find((key) => isRecord(part[key]))
  const loss = `contents: parts with ${kind?.slice(0, 60) ?? 'nothing'} are for an upstream of the same API, left out`
  if (kind !== undefined && !losses.includes(loss)) losses.push(loss)
  return []
}

function toMedia({ mimeType, data, displayName }: Map): Map {
  if (filled(mimeType) === undefined || filled(data) === undefined)
    throw invalid('inlineData needs mimeType and data.', 'contents')
  const type = String(mimeType)
  const url = `data:${type};base64,${String(data)}`
  if (type.startsWith('image/')) return { type: 'image_url', image_url: { url } }
  const sound = SOUNDS[type]
  if (sound !== undefined) return { type: 'input_audio', input_audio: { data: String(data), format: sound } }
  const name = filled(displayName)
  return { type: 'file', file: { file_data: url, ...(name !== undefined && { filename: name }) } }
}

function toFile({ mimeType, fileUri }: Map): Map {
  if (filled(fileUri) === undefined) throw invalid('fileData needs fileUri.', 'contents')
  const url = String(fileUri)
  // `files/NAME`
  if (!/^[a-z][a-z0-9+.-]*:/i.test(url)) return { type: 'file', file: { file_id: url } }
  if (typeof mimeType === 'string' && mimeType.startsWith('image/')) return { type: 'image_url', image_url: { url } }
  return { type: 'file', file: { file_data: url } }
}
