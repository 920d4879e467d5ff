/** JSON bodies, parsed from their bytes and checked; the bytes are kept for formats that pass a long body on as it came. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseExactly } from '../../runtime/json.ts'
import { decodeRequest } from '../content-encoding.ts'
import { checkBounds, type RequestBounds } from './request-bounds.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes that `body` was parsed from, where there are many and no key can hide in them. */
    bodyBytes: Buffer | null
  }
  interface FastifyContextConfig {
    mayBeEmpty?: boolean
  }
}

/** Of a route that needs no body, which some SDKs say is JSON all the same. */
export const WITHOUT_BODY = { config: { mayBeEmpty: true } }

/** Bytes below which nobody wants them. */
const MANY = 16 * 1024
/** Escapes below U+0100 can hide the letters of a key. */
const HIDING = Buffer.from('\\u00')
/** Their rare part: each backslash of a text with line ends would be a candidate (230 µs for 225 kB; this one 3 µs). */
const HIDING_DIGITS = Buffer.from('u00')

/**
 * Instead of Fastify's own parser, which searches the text of every body for keys that could poison a prototype, and parses
 * those that have their letters more slowly: here they are looked for where all keys are looked at anyway. A body that is
 * no JSON is parsed by Fastify's as well, for its words of what is wrong.
 */
export function registerJsonBody(app: FastifyInstance, bounds: RequestBounds): void {
  const careful = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('bodyBytes', null)
  const most = app.initialConfig.bodyLimit ?? Infinity

  function parse(request: FastifyRequest, bytes: Buffer, done: BodyDone): void {
    const give = (fault: Error | null, body?: unknown): void => {
      try {
        if (fault) throw fault
        checkBounds(body, bounds)
      } catch (error) {
        return done(error as Error)
      }
      done(null, body)
    }
    if (bytes.length === 0 && request.routeOptions.config.mayBeEmpty === true) return done(null, undefined)
    // some editors and shells write a byte order mark
    const json = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
    const text = json.toString()
    let body: unknown
    try {
      body = parseExactly(text)
    } catch {
      return void careful(request, text, give)
    }
    if (json.length >= MANY && !(json.includes(HIDING_DIGITS) && json.includes(HIDING))) request.bodyBytes = json
    give(null, body)
  }

  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined) return parse(request, bytes, done)
    decodeRequest(bytes, encoding, most).then((decoded) => parse(request, decoded, done), done)
  })
}

type BodyDone = (error: Error | null, body?: unknown) => void
