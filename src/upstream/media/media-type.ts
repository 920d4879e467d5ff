/** How the files that models take begin; `WEBP` stands behind the length of its container. */
const SIGNATURES: [type: string, offset: number, bytes: string][] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
]

/** The type that the bytes show, else the one that the server named: vendors refuse a file whose type is not its own. */
export function mediaTypeOf(bytes: Buffer, contentType: string | undefined): string {
  const head = bytes.toString('latin1', 0, 16)
  const shown = SIGNATURES.find(([, offset, start]) => head.startsWith(start, offset))?.[0]
  const named = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  return shown ?? (named === '' ? 'application/octet-stream' : named)
}
