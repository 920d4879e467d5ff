/** JSON bodies, parsed from their bytes and checked; the bytes are kept for formats that pass a long body on as it came. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { parseNumbers } from '../../runtime/json.ts'
import { decodeRequest } from '../content-encoding.ts'
import { createKnownTools } from './known-tools.ts'
import { checkBounds, checkFinite, type RequestBounds } from './request-bounds.ts'

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
/** How escapes below U+0100 begin, without the backslash: each one of a text with line ends would be a candidate (230 µs for 225 kB, so 3 to 18 µs). */
const LOW_ESCAPE = Buffer.from('u00')
const BACKSLASH = 0x5c
/** Texts with more of them are not looked through. */
const MOST_ESCAPES = 500

/**
 * Instead of Fastify's own parser, which searches the text of every body for keys that could poison a prototype, and parses
 * those that have their letters more slowly: here they are looked for where all keys are looked at anyway. A body that is
 * no JSON is parsed by Fastify's as well, for its words of what is wrong.
 */
export function registerJsonBody(app: FastifyInstance, bounds: RequestBounds): void {
  const known = createKnownTools()
  const careful = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('bodyBytes', null)
  const most = app.initialConfig.bodyLimit ?? Infinity

  function parse(request: FastifyRequest, bytes: Buffer, done: BodyDone): void {
    if (bytes.length === 0 && request.routeOptions.config.mayBeEmpty === true) return done(null, undefined)
    // some editors and shells write a byte order mark
    const json = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
    if (json.length >= MANY && !canHideKeys(json)) request.bodyBytes = json
    try {
      const body = withKnownTools(json)
      if (body) return done(null, body)
    } catch (error) {
      return done(error as Error)
    }
    const text = json.toString()
    const give = (fault: Error | null, body?: unknown): void => {
      let exact = body
      try {
        if (fault) throw fault
        // told by the values, as to look for digits in the whole text costs a third of its parsing
        if (checkBounds(body, bounds)) checkFinite((exact = parseNumbers(text)))
        else known.learn(json, body)
      } catch (error) {
        return done(error as Error)
      }
      done(null, exact)
    }
    let body: unknown
    try {
      body = JSON.parse(text)
    } catch {
      return void careful(request, text, give)
    }
    give(null, body)
  }

  /** The tools were checked when they came first. Throws as `checkBounds` does. */
  function withKnownTools(json: Buffer): unknown {
    const found = known.read(json)
    if (!found || checkBounds(found.body, bounds)) return undefined
    found.body['tools'] = found.tools
    return found.body
  }

  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const encoding = request.headers['content-encoding']
    if (encoding === undefined) return parse(request, bytes, done)
    decodeRequest(bytes, encoding, most, (count) => request.bodyShare?.take(count)).then(
      (decoded) => parse(request, decoded, done),
      done,
    )
  })
}

/**
 * Whether an escape stands for a letter, digit or mark of ASCII, so that a key may be spelled with it. Terminals' colours
 * (`\\u001b`) and what some libraries write for accents (`\\u00e9`) hide none.
 */
function canHideKeys(json: Buffer): boolean {
  let at = json.indexOf(LOW_ESCAPE)
  for (let count = 0; at >= 0; count++) {
    const digit = json[at + 3] ?? 0
    if (json[at - 1] === BACKSLASH && digit >= 0x32 && digit <= 0x37) return true
    if (count === MOST_ESCAPES) return true
    at = json.indexOf(LOW_ESCAPE, at + 3)
  }
  return false
}

type BodyDone = (error: Error | null, body?: unknown) => void
