/** A form as it is sent: https://www.rfc-editor.org/rfc/rfc7578, names written as browsers write them (WHATWG HTML, 4.10.21.8). */
import type { Form, FormPart } from '../../chat/request.ts'

export interface WrittenForm {
  /** The files in them are not copied. */
  pieces: Uint8Array[]
  /** Bytes. */
  length: number
  /** For the content-type header. */
  type: string
}

/**
 * The boundary is the client's own, which stands nowhere in its parts.
 * @param texts that stand in place of the client's, of parts that are no files; they hold no line end
 */
export function writeForm({ boundary, parts }: Form, texts: Readonly<Record<string, string>>): WrittenForm {
  const pieces: Uint8Array[] = []
  for (const part of parts) {
    const text = part.filename === undefined && Object.hasOwn(texts, part.name) ? texts[part.name] : undefined
    pieces.push(Buffer.from(headOf(part, boundary)), ...(text === undefined ? part.value : [Buffer.from(text)]), LINE)
  }
  pieces.push(Buffer.from(`--${boundary}--\r\n`))
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return {
    pieces: pieces.filter((piece) => piece.length > 0),
    length,
    type: `multipart/form-data; boundary=${quoted(boundary)}`,
  }
}

const LINE = Buffer.from('\r\n')

function headOf({ name, filename, type }: FormPart, boundary: string): string {
  const file = filename === undefined ? '' : `; filename="${escaped(filename)}"`
  const media = type === undefined ? '' : `content-type: ${type}\r\n`
  return `--${boundary}\r\ncontent-disposition: form-data; name="${escaped(name)}"${file}\r\n${media}\r\n`
}

function escaped(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

/** Unless it is one token (RFC 9110, 5.6.2). */
function quoted(boundary: string): string {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(boundary) ? boundary : `"${boundary}"`
}
