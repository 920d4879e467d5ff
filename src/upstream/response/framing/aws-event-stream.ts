import { crc32 } from 'node:zlib'
import { GatewayError } from '../../../chat/error.ts'
import { parseJson } from '../../../runtime/json/json.ts'
import type { FramedEvent, Framer, FramingOptions } from '../../types.ts'
import { frameHeaders } from './aws-frame-headers.ts'
import { asBuffer, tooLong } from './whole-lines.ts'

/** The protocol's own bound: 16 MiB of payload, 128 KiB of headers, and room. */
const MAX_FRAME = 24 * 1024 * 1024
/** Lengths and their CRC before the headers, and the CRC at the end. */
const PRELUDE = 12
const TRAILER = 4

/**
 * Binary frames with CRCs (https://smithy.io/2.0/aws/amazon-eventstream.html). An event's name is its `:event-type`, an
 * exception's its `:exception-type`, an error's its `:error-code`; the last two bring their body as a parsed value. With
 * `unwrap: bytes` the event is the JSON that the payload holds in base64 under that key.
 */
export function awsEventStream(options: FramingOptions = {}): Framer {
  const maxEvent = options.maxEvent ?? MAX_FRAME
  const { unwrap } = options
  let pending: Buffer[] = []
  let size = 0
  /** Bytes that must be there before the next look pays. */
  let needed = PRELUDE
  /** A bad frame behind good ones of the same read: those are given out first. */
  let fault: unknown

  function push(chunk: Uint8Array): FramedEvent[] {
    if (fault !== undefined) throw fault
    pending.push(asBuffer(chunk))
    size += chunk.length
    const out: FramedEvent[] = []
    if (size < needed) return out
    const bytes = pending.length === 1 ? asBuffer(chunk) : Buffer.concat(pending)
    let read = 0
    try {
      for (;;) {
        needed = PRELUDE
        if (bytes.length - read < needed) break
        needed = frameLength(bytes, read, maxEvent)
        if (bytes.length - read < needed) break
        out.push(readFrame(bytes.subarray(read, read + needed), unwrap))
        read += needed
      }
    } catch (error) {
      fault = error
      if (out.length === 0) throw error
    }
    pending = read === bytes.length ? [] : [bytes.subarray(read)]
    size = bytes.length - read
    return out
  }

  return {
    push,
    end() {
      if (fault !== undefined) throw fault
      if (size > 0)
        throw new GatewayError('broken_stream', 'The upstream ended its answer inside an event-stream frame.')
      return []
    },
  }
}

function frameLength(bytes: Buffer, start: number, maxEvent: number): number {
  const length = bytes.readUInt32BE(start)
  if (crc32(bytes.subarray(start, start + 8)) !== bytes.readUInt32BE(start + 8)) throw broken('prelude')
  if (length > maxEvent) throw tooLong(maxEvent)
  if (length < PRELUDE + TRAILER + bytes.readUInt32BE(start + 4)) throw broken('length')
  return length
}

function readFrame(frame: Buffer, unwrap: string | undefined): FramedEvent {
  const end = frame.length - TRAILER
  if (crc32(frame.subarray(0, end)) !== frame.readUInt32BE(end)) throw broken('checksum')
  const payloadStart = PRELUDE + frame.readUInt32BE(4)
  const headers = frameHeaders(frame.subarray(PRELUDE, payloadStart))
  const payload = frame.toString('utf8', payloadStart, end)
  const type = headers[':message-type']
  if (type === 'error')
    return { name: headers[':error-code'], value: { message: headers[':error-message'] ?? payload }, fault: true }
  if (type === 'exception') return { name: headers[':exception-type'], value: faultBody(payload), fault: true }
  const name = headers[':event-type']
  if (payload === '') return { name, value: {} }
  return { name, text: unwrap === undefined ? payload : unwrapped(payload, unwrap) }
}

function unwrapped(payload: string, key: string): string {
  const outer = parsed(payload)
  if (outer === undefined) throw broken('payload')
  const inner = outer[key]
  return typeof inner === 'string' ? Buffer.from(inner, 'base64').toString('utf8') : payload
}

function faultBody(payload: string): Record<string, unknown> {
  return parsed(payload) ?? { message: payload }
}

function parsed(text: string): Record<string, unknown> | undefined {
  const value = parseJson(text)
  return typeof value === 'object' && value !== null ? { ...value } : undefined
}

function broken(what: string): GatewayError {
  return new GatewayError('bad_answer', `The upstream sent an event-stream frame whose ${what} is wrong.`)
}
