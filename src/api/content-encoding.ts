/** Bodies that a client compressed: `content-encoding` (RFC 9110, 8.4), one or several around each other. */
import type { Transform } from 'node:stream'
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
  type ZlibOptions,
} from 'node:zlib'
import { GatewayError } from '../chat/error.ts'

type Decoder = (bytes: Buffer, options: Pick<ZlibOptions, 'chunkSize'>) => Transform

const gzip: Decoder = (_, options) => createGunzip(options)

const DECODERS: Record<string, Decoder> = {
  gzip,
  'x-gzip': gzip,
  // clients disagree whether it has zlib's header: its first byte tells (RFC 1950, 2.2: method 8)
  deflate: (bytes, options) => (((bytes[0] ?? 0) & 0x0f) === 8 ? createInflate(options) : createInflateRaw(options)),
  br: (_, options) => createBrotliDecompress(options),
  zstd: (_, options) => createZstdDecompress(options),
}

/** Bytes: a bound is looked at after as many. */
const PIECE = 64 * 1024
/** More codings than anybody has a reason for. */
const MOST_CODINGS = 3

/**
 * @param most bytes that the body may have
 * @param take hears of each piece that has come out, and throws where there is no room for it
 * Throws a GatewayError: 415, 413 or 400.
 */
export async function decodeRequest(
  bytes: Buffer,
  encoding: string,
  most: number,
  take: (bytes: number) => void = () => {},
): Promise<Buffer> {
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
  for (const decode of decoders.toReversed()) decoded = await unpacked(decode, decoded, most, take)
  return decoded
}

/** Piece by piece: what a few bytes become may be more than all memory, and many come at once. */
async function unpacked(decode: Decoder, packed: Buffer, most: number, take: (bytes: number) => void): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  const stream = decode(packed, { chunkSize: PIECE })
  stream.end(packed)
  try {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      size += piece.length
      if (size > most)
        throw new GatewayError('too_large', 'The request body is larger than this server takes (server.max_body).')
      take(piece.length)
      pieces.push(piece)
    }
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause
    const message = 'The request body is not compressed as its content-encoding says, or is cut off.'
    throw new GatewayError('invalid_request', message, { cause })
  }
  return Buffer.concat(pieces, size)
}
