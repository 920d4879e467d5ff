/** Bodies that a client compressed: `content-encoding` (RFC 9110, 8.4), one or several around each other. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'
import { GatewayError } from '../chat/error.ts'

type Decoder = (bytes: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>

const gzip: Decoder = promisify(gunzip)
const withHeader: Decoder = promisify(inflate)
const withoutHeader: Decoder = promisify(inflateRaw)

const DECODERS: Record<string, Decoder> = {
  gzip,
  'x-gzip': gzip,
  // clients disagree whether it has zlib's header: its first byte tells (RFC 1950, 2.2: method 8)
  deflate: (bytes, options) => (((bytes[0] ?? 0) & 0x0f) === 8 ? withHeader : withoutHeader)(bytes, options),
  br: promisify(brotliDecompress),
  zstd: promisify(zstdDecompress),
}

/** More codings than anybody has a reason for. */
const MOST_CODINGS = 3

/** @param most bytes that the body may have. Throws a GatewayError: 415, 413 or 400 */
export async function decodeRequest(bytes: Buffer, encoding: string, most: number): Promise<Buffer> {
  const codings = encoding
    .toLowerCase()
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '' && each !== 'identity')
  const decoders = codings.flatMap((coding) => (Object.hasOwn(DECODERS, coding) ? (DECODERS[coding] ?? []) : []))
  if (decoders.length < codings.length || codings.length > MOST_CODINGS) {
    const known = Object.keys(DECODERS).join(', ')
    const message = `The content-encoding "${encoding.slice(0, 80)}" is not known here; send one of ${known}, or none.`
    throw new GatewayError('invalid_request', message, { status: 415 })
  }
  let decoded = bytes
  for (const decode of decoders.toReversed()) decoded = await decode(decoded, { maxOutputLength: most }).catch(refuse)
  return decoded
}

function refuse(cause: unknown): never {
  if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE') {
    throw new GatewayError('too_large', 'The request body is larger than this server takes (server.max_body).', {
      cause,
    })
  }
  const message = 'The request body is not compressed as its content-encoding says, or is cut off.'
  throw new GatewayError('invalid_request', message, { cause })
}
