/** What a `data:` URL holds. */
export interface Media {
  /** Without parameters, in lower case. */
  media_type: string
  /** Base64, without white space. */
  data: string
}

/** The parts of a `data:` URL (RFC 2397); undefined when the URL is of another scheme, null when it is broken. */
export function readDataUrl(url: string): Media | null | undefined {
  if (!/^data:/i.test(url)) return undefined
  const comma = url.indexOf(',')
  if (comma < 0) return null
  const [type = '', ...parameters] = url.slice(5, comma).split(';')
  const payload = url.slice(comma + 1)
  const isBase64 = parameters.some((parameter) => parameter.trim().toLowerCase() === 'base64')
  const data = isBase64 ? cleanBase64(payload) : encodeText(payload)
  if (data === undefined || data === '') return null
  return { media_type: mediaType(type), data }
}

/** Names that are in use for a type whose registered name is another. */
const ALIASES = new Map([
  ['image/jpg', 'image/jpeg'],
  ['image/pjpeg', 'image/jpeg'],
  ['application/x-pdf', 'application/pdf'],
])

function mediaType(written: string): string {
  const type = written.trim().toLowerCase()
  return ALIASES.get(type) ?? (type === '' ? 'text/plain' : type)
}

/** Base64 as vendors take it: white space, percent signs of a URL and the URL alphabet are undone. */
export function cleanBase64(text: string): string {
  let clean = text
  if (clean.includes('%')) clean = decode(clean) ?? clean
  if (/\s/.test(clean)) clean = clean.replaceAll(/\s+/g, '')
  return /[-_]/.test(clean) ? clean.replaceAll('-', '+').replaceAll('_', '/') : clean
}

function encodeText(text: string): string | undefined {
  const plain = decode(text)
  return plain === undefined ? undefined : Buffer.from(plain, 'utf8').toString('base64')
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const BY_EXTENSION = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
  ['xml', 'application/xml'],
  ['doc', 'application/msword'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xls', 'application/vnd.ms-excel'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
  ['gif', 'image/gif'],
  ['webp', 'image/webp'],
  ['mp3', 'audio/mp3'],
  ['wav', 'audio/wav'],
  ['mp4', 'video/mp4'],
])

/** The type of a file that came without one: by its name, else PDF, the one kind that every client means by a file. */
export function typeOfFile(filename: string | undefined): string {
  const extension = filename?.split('.').at(-1)?.toLowerCase() ?? ''
  return BY_EXTENSION.get(extension) ?? 'application/pdf'
}
