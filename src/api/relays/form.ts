/** multipart/form-data into its parts; files stay where they were received. */
import type { Busboy } from '@fastify/busboy'
import { GatewayError } from '../../chat/error.ts'
import type { Form, FormPart } from '../../chat/request.ts'
import { onDemand } from '../../runtime/modules.ts'

const library = onDemand<{ Busboy: typeof Busboy }>('@fastify/busboy', import.meta.url)

/** Parts of one form: sixteen pictures and a few words are the most that any of these APIs takes. */
const MOST_PARTS = 200

/** Throws a GatewayError for what is no form. @param type the content-type header */
export function readForm(bytes: Buffer, type: string): Promise<Form> {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type)
  if (!boundary) throw broken('its content-type names no boundary')
  return new Promise((resolve, reject) => {
    const parts: FormPart[] = []
    const fail = (cause: unknown): void => reject(broken('it is cut off, or has no parts', cause))
    try {
      const parser = new (library().Busboy)({
        headers: { 'content-type': type },
        preservePath: true,
        limits: { parts: MOST_PARTS, fieldSize: bytes.length },
        // a field of another type is one all the same
        isPartAFile: (_name, _type, filename) => filename !== undefined,
      })
      parser.on('field', (name, value, _short, _shorter, _encoding, media) => {
        parts.push({ name, value: [Buffer.from(value)], ...typeOf(media) })
      })
      parser.on('file', (name, file, filename, _encoding, media) => {
        const part: FormPart = { name, filename, value: [], ...typeOf(media) }
        parts.push(part)
        file.on('data', (piece: Buffer) => part.value.push(piece)).on('error', fail)
      })
      parser.on('partsLimit', () => reject(broken(`it has more than ${MOST_PARTS} parts`)))
      parser.on('error', fail)
      parser.on('finish', () => resolve({ boundary: boundary[1] ?? boundary[2] ?? '', parts }))
      parser.end(bytes)
    } catch (cause) {
      fail(cause)
    }
  })
}

/** Plain text is what a part is that says nothing (RFC 7578, 4.4). */
function typeOf(media: string): { type?: string } {
  return media === 'text/plain' ? {} : { type: media }
}

/** The last of each name, as servers read them. */
export function textsOf({ parts }: Form): Record<string, unknown> {
  const texts = parts.filter(({ filename }) => filename === undefined)
  return Object.fromEntries(texts.map(({ name, value }) => [name, Buffer.concat(value).toString()]))
}

function broken(why: string, cause?: unknown): GatewayError {
  const message = `The body is not the multipart/form-data that its content-type says: ${why}.`
  return new GatewayError('invalid_request', message, { cause })
}
