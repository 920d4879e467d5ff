/** How large media are, as far as their bytes tell: pixels, pages, seconds. Never throws: what is not known is undefined. */
import type { imageSize } from 'image-size'
import { onDemand } from '../../runtime/modules.ts'
import { mediaTypeOf } from './media-type.ts'

const library = onDemand<{ imageSize: typeof imageSize }>('image-size', import.meta.url)

/** Base64 characters of an image's head: behind a camera's notes and colour profile stand its sides. */
const HEAD = 256 * 1024
/** Bytes of a document that are looked through. */
const MOST_SEARCHED = 8 * 1024 * 1024

/** Nothing else is parsed: what rare formats say is nobody's to read here. */
const READ = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp'])

/** @param data base64 */
export function imageSides(data: string): { width: number; height: number } | undefined {
  try {
    const bytes = Buffer.from(data.slice(0, HEAD), 'base64')
    if (!READ.has(mediaTypeOf(bytes, undefined))) return undefined
    const { width, height } = library().imageSize(bytes)
    return width > 0 && height > 0 ? { width, height } : undefined
  } catch {
    return undefined
  }
}

/** Pages of a PDF whose page objects are not compressed. @param data base64 */
export function pageCount(data: string): number | undefined {
  const bytes = Buffer.from(data.slice(0, Math.ceil(MOST_SEARCHED / 3) * 4), 'base64')
  let pages = 0
  for (let at = bytes.indexOf('/Page'); at >= 0; at = bytes.indexOf('/Page', at + 5)) {
    // `/Pages` is the list of them; `/Type /Page` is one
    const next = bytes[at + 5] ?? 0
    if (!isLetter(next) && /\/Type\s*$/.test(bytes.toString('latin1', Math.max(0, at - 12), at))) pages++
  }
  return pages > 0 ? pages : undefined
}

/** Seconds of a WAV file. @param data base64 */
export function wavSeconds(data: string): number | undefined {
  const head = Buffer.from(data.slice(0, 64), 'base64')
  if (head.length < 32 || head.toString('latin1', 0, 4) !== 'RIFF' || head.toString('latin1', 8, 12) !== 'WAVE')
    return undefined
  const bytesASecond = head.readUInt32LE(28)
  return bytesASecond > 0 ? byteLength(data) / bytesASecond : undefined
}

/** Bytes behind base64. */
export function byteLength(data: string): number {
  return Math.floor(data.length * 0.75)
}

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
}
