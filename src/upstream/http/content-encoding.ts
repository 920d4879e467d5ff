import { pipeline, Readable, type Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { GatewayError } from '../../chat/error.ts'

/** Each block that the server flushed is given out at once: a compressed stream stays a stream. */
const ZLIB = { flush: constants.Z_SYNC_FLUSH }
const BROTLI = { flush: constants.BROTLI_OPERATION_FLUSH }

/**
 * The body without the compression that `content-encoding` names (RFC 9110, 8.4): gzip, deflate with or without zlib's
 * header, br, zstd, several one around the other. Throws a GatewayError `bad_answer` for another encoding, and the
 * iteration throws `broken_stream` when the data are damaged or cut.
 */
export function decodeContent(
  body: AsyncIterable<Uint8Array>,
  encoding: string,
  host: string,
): AsyncIterable<Uint8Array> {
  let decoded = body
  for (const name of encoding.toLowerCase().split(',').toReversed()) {
    const coding = name.trim()
    if (coding !== 'identity' && coding !== '') decoded = decodeOne(decoded, coding, host)
  }
  return decoded
}

function decodeOne(body: AsyncIterable<Uint8Array>, coding: string, host: string): AsyncIterable<Uint8Array> {
  if (coding === 'deflate') return deflated(body, host)
  const decoder = decoderOf(coding)
  if (decoder === undefined) {
    throw new GatewayError(
      'bad_answer',
      `${host} sent its answer in the encoding "${coding}", which was not asked for.`,
      { host },
    )
  }
  return through(body, decoder, host)
}

function decoderOf(coding: string): Transform | undefined {
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip(ZLIB)
  if (coding === 'br') return createBrotliDecompress(BROTLI)
  if (coding === 'zstd') return createZstdDecompress()
  return undefined
}

/** Servers disagree whether `deflate` has zlib's header: its first byte tells (RFC 1950, 2.2: method 8). */
async function* deflated(body: AsyncIterable<Uint8Array>, host: string): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) return
  const decoder = ((first.value[0] ?? 0) & 0x0f) === 8 ? createInflate(ZLIB) : createInflateRaw(ZLIB)
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => iterator }
  }
  yield* through(whole(), decoder, host)
}

async function* through(body: AsyncIterable<Uint8Array>, decoder: Transform, host: string): AsyncGenerator<Uint8Array> {
  // The callback is where the pipeline reports; the reader of the decoder gets the same error.
  pipeline(Readable.from(body, { objectMode: false }), decoder, () => {})
  try {
    yield* decoder
  } catch (error) {
    if (error instanceof GatewayError) throw error
    const message = error instanceof Error ? error.message : String(error)
    throw new GatewayError('broken_stream', `The compressed answer of ${host} is damaged: ${message}.`, {
      host,
      cause: error,
    })
  }
}
