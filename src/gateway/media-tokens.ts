/** Tokens of pictures, documents, sound and film: by a vendor's rules where their size is known, else a guess. */
import type { Part } from '../chat/request.ts'
import type { ImageRule, TokenRules } from '../upstream/format/token-rules.ts'
import { USUAL_RULES } from '../upstream/format/token-rules.ts'
import { byteLength, imageSides, pageCount, wavSeconds } from '../upstream/media/measure.ts'

/** What of a part is the same for all vendors; `sure`: its own bytes tell. */
export type Medium =
  | { kind: 'image'; width: number; height: number; low: boolean; sure: boolean }
  | { kind: 'pages' | 'audio' | 'video'; count: number; sure: boolean }

/** Pixels of an image that nobody has seen yet. */
const UNSEEN = { width: 800, height: 800 }
/** Bytes of a page, of a second of compressed speech and of film. */
const PAGE_BYTES = 75_000
const SPEECH_BYTES = 16_000
const FILM_BYTES = 250_000
/** Tokens: a file's size says little of its length, and a guess must not keep out for long what the vendor would take. */
const MOST_GUESSED = 4000
/** No image costs less, by whatever rules. */
const LEAST_IMAGE = 64
/** By a vendor's own rules for a known size: what it has of it at least. Of a guess far less is possible. */
const LEAST_SURE = 0.5

export function measurePart(part: Exclude<Part, { type: 'text' }>): Medium | { kind: 'text'; bytes: number } {
  if (part.type === 'image') {
    const image = part as Extract<Part, { type: 'image' }>
    const seen = 'data' in image ? imageSides(image.data) : undefined
    return { kind: 'image', ...(seen ?? UNSEEN), low: image.detail === 'low', sure: seen !== undefined }
  }
  if (!('data' in part)) return { kind: 'pages', count: 1, sure: false }
  const { data, media_type: type } = part
  if (part.type === 'audio' || type.startsWith('audio/')) {
    const seconds = wavSeconds(data)
    return { kind: 'audio', count: seconds ?? byteLength(data) / SPEECH_BYTES, sure: seconds !== undefined }
  }
  if (type.startsWith('video/')) return { kind: 'video', count: byteLength(data) / FILM_BYTES, sure: false }
  if (type.startsWith('text/') || type === 'application/json') return { kind: 'text', bytes: byteLength(data) }
  if (type.startsWith('image/')) {
    const seen = imageSides(data)
    return { kind: 'image', ...(seen ?? UNSEEN), low: false, sure: seen !== undefined }
  }
  const pages = type === 'application/pdf' ? pageCount(data) : undefined
  return { kind: 'pages', count: pages ?? Math.max(1, byteLength(data) / PAGE_BYTES), sure: pages !== undefined }
}

/** Tokens that it will probably cost, and the least that it can. */
export function mediaTokens(medium: Medium, rules: TokenRules): { usual: number; least: number } {
  if (medium.kind === 'image') {
    const { image } = rules
    const usual = medium.low && image.low !== undefined ? image.low : imageTokens(medium, image)
    const half = usual * LEAST_SURE
    const known = medium.sure && rules !== USUAL_RULES
    return { usual, least: known ? Math.min(half, image.low ?? half) : Math.min(half, LEAST_IMAGE) }
  }
  const each = medium.kind === 'pages' ? rules.page : rules[medium.kind]
  const tokens = each * medium.count
  if (medium.sure) return { usual: tokens, least: tokens * LEAST_SURE * (rules === USUAL_RULES ? LEAST_SURE : 1) }
  return { usual: Math.min(tokens, Math.max(each, MOST_GUESSED)), least: 0 }
}

function imageTokens({ width, height }: { width: number; height: number }, rule: ImageRule): number {
  const { size, each, base, small, most = Infinity } = rule
  const longer = Math.max(width, height)
  if (size === undefined || (small !== undefined && longer <= small)) return base + each
  const scale = Math.min(
    1,
    (rule.longest ?? Infinity) / longer,
    (rule.shortest ?? Infinity) / Math.min(width, height),
    Math.sqrt((most * size * size) / (width * height)),
  )
  const squares = Math.ceil((width * scale) / size) * Math.ceil((height * scale) / size)
  return base + each * Math.min(squares, most)
}
