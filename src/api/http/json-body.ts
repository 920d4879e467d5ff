/** JSON bodies, parsed from their bytes and checked; the bytes are kept for formats that pass a long body on as it came. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { JsonBytes } from '../../chat/request.ts'
import { parseNumbers } from '../../runtime/json/json.ts'
import { decodeRequest } from '../content-encoding.ts'
import { canHideKeys } from './known/hidden-keys.ts'
import { completed, createKnownParts, type KnownBody } from './known/known-parts.ts'
import { checkBounds, checkCounts, checkFinite, type RequestBounds } from './request-bounds.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes that `body` was parsed from, where there are many and no key can hide in them. */
    bodyBytes: (JsonBytes & { parse(): unknown }) | null
  }
  interface FastifyContextConfig {
    mayBeEmpty?: boolean
  }
}

/** Of a route that needs no body, which some SDKs say is JSON all the same. */
export const WITHOUT_BODY = { config: { mayBeEmpty: true } }

/** Bytes below which nobody wants them. */
const MANY = 16 * 1024

/**
 * Instead of Fastify's own parser, which searches the text of every body for keys that could poison a prototype, and parses
 * those that have their letters more slowly: here they are looked for where all keys are looked at anyway. A body that is
 * no JSON is parsed by Fastify's as well, for its words of what is wrong.
 */
export function registerJsonBody(app: FastifyInstance, bounds: RequestBounds): void {
  const known = createKnownParts()
  const careful = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('bodyBytes', null)
  const most = app.initialConfig.bodyLimit ?? Infinity

  function parse(request: FastifyRequest, bytes: Buffer, done: BodyDone): void {
    if (bytes.length === 0 && request.routeOptions.config.mayBeEmpty === true) return done(null, undefined)
    // some editors and shells write a byte order mark
    const json = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
    const found = known.read(json)
    if (json.length >= MANY && !hidesKeys(json, found)) request.bodyBytes = bytesOf(json, found?.history)
    try {
      const body = found && taken(json, found)
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
        else known.learn(json, body, undefined)
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

  /** What is known was checked when it came first. Throws as `checkBounds` does; undefined where the body is to be read anew. */
  function taken(json: Buffer, found: KnownBody): unknown {
    if (checkBounds(found.body, bounds)) return undefined
    const body = completed(found)
    checkCounts(body, bounds)
    known.learn(json, body, found)
    return body
  }

  /** In a function of its own, whose closure holds the bytes and nothing else. */
  function bytesOf(json: Buffer, items: JsonBytes['items']): FastifyRequest['bodyBytes'] {
    return { json, parse: () => parseAgain(json), ...(items && { items: { from: items.from, to: items.to } }) }
  }

  /** What was parsed before, and taken. */
  function parseAgain(json: Buffer): unknown {
    const found = known.read(json)
    if (found) return completed(found)
    const text = json.toString()
    const body: unknown = JSON.parse(text)
    return checkBounds(body, bounds) ? parseNumbers(text) : body
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

/** Can a key be spelled with escapes, in what is not known? */
function hidesKeys(json: Buffer, found: KnownBody | undefined): boolean {
  const history = found?.history
  if (!history?.isPlain) return canHideKeys(json)
  return canHideKeys(json, 0, history.from) || canHideKeys(json, history.to)
}

type BodyDone = (error: Error | null, body?: unknown) => void
