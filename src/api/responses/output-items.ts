/** Blocks of an answer as output items. */
import { makeId } from '../http/request-id.ts'
import type { Block } from '../inbound/blocks.ts'
import type { Media } from '../inbound/media.ts'
import { asWord, isRecord } from '../chat-completions/json-value.ts'
import { sealThought, type SealedThought } from './sealed-thought.ts'
import type { Namespaced } from './tools.ts'

type Json = Record<string, unknown>
export type ItemStatus = 'in_progress' | 'completed' | 'incomplete'

const PREFIX = {
  text: 'msg_',
  refusal: 'msg_',
  reasoning: 'rs_',
  encrypted: 'rs_',
  call: 'fc_',
  custom: 'ctc_',
  media: 'ig_',
} as const

export function itemId(block: Block): string {
  return makeId(PREFIX[block.type])
}

/** The item as far as the block has come. @param spaced tools that belong to a namespace, by their flat name */
export function itemOf(block: Block, id: string, status: ItemStatus, spaced: ReadonlyMap<string, Namespaced>): Json {
  switch (block.type) {
    case 'text':
    case 'refusal':
      return {
        id,
        type: 'message',
        status,
        role: 'assistant',
        content: status === 'in_progress' ? [] : [partOf(block)],
      }
    case 'reasoning': {
      const summary = status === 'in_progress' || block.text === '' ? [] : [{ type: 'summary_text', text: block.text }]
      const { signature } = block
      return {
        id,
        type: 'reasoning',
        summary,
        ...(signature !== undefined && { encrypted_content: sealThought({ signature }) }),
      }
    }
    case 'encrypted':
      return { id, type: 'reasoning', summary: [], encrypted_content: sealThought({ data: block.text }) }
    case 'call': {
      const text = status === 'in_progress' ? '' : block.text || '{}'
      return { id, type: 'function_call', status, ...nameOf(block, spaced), call_id: block.id ?? id, arguments: text }
    }
    case 'custom': {
      const input = status === 'in_progress' ? '' : block.text
      return { id, type: 'custom_tool_call', status, ...nameOf(block, spaced), call_id: block.id ?? id, input }
    }
    case 'media':
      return { id, type: 'image_generation_call', status, ...pictureOf(block, status) }
  }
}

/** The only thing beside texts and calls that items here hold: a picture, by its bytes. */
export function shows(media: Media): boolean {
  return media.kind === 'picture' && 'data' in media
}

/** Those that the API has a word for. */
const FORMATS: Record<string, string> = {
  'image/png': 'png',
  'image/webp': 'webp',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
}

function pictureOf({ media }: Block, status: ItemStatus): Json {
  if (status === 'in_progress' || media?.kind !== 'picture' || !('data' in media)) return { result: null }
  const format = FORMATS[media.type]
  return { result: media.data, ...(format !== undefined && { output_format: format }) }
}

/** What a client must give back of a call or a text beside it; none where there is nothing. */
export function sealOf(block: Block): Json | undefined {
  const { signature } = block
  if (signature === undefined || block.type === 'reasoning' || block.type === 'encrypted') return undefined
  const sealed: SealedThought = { signature, ...(block.type === 'text' ? { text: true } : { call: block.id }) }
  return { id: makeId('rs_'), type: 'reasoning', summary: [], encrypted_content: sealThought(sealed) }
}

export function partOf(block: Block): Json {
  if (block.type === 'refusal') return { type: 'refusal', refusal: block.text }
  const { text, annotations = [], logprobs = [] } = block
  return { type: 'output_text', text, annotations: annotations.map(flat), logprobs: logprobs.map(withBytes) }
}

/** Chat leaves out the bytes where it will; here they are asked for. */
export function withBytes(token: unknown): unknown {
  if (!isRecord(token)) return token
  const { token: text, top_logprobs: tops, bytes } = token
  return {
    ...token,
    bytes: Array.isArray(bytes) ? bytes : [...Buffer.from(asWord(text))],
    ...(Array.isArray(tops) && { top_logprobs: tops.map(withBytes) }),
  }
}

/** Chat's citations hold what they say in a field of their own name. */
export function flat(annotation: Json): Json {
  const { type } = annotation
  const inner = annotation[asWord(type)]
  return isRecord(inner) ? { type, ...inner } : annotation
}

function nameOf({ name = '' }: Block, spaced: ReadonlyMap<string, Namespaced>): Json {
  const found = spaced.get(name)
  return found ? { name: found.name, namespace: found.namespace } : { name }
}
