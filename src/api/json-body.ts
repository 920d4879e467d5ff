/** JSON bodies, parsed from their bytes; the bytes are kept for formats that pass a body on as it came. */
import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** The bytes that `body` was parsed from, where they say nothing but what `body` says. */
    bodyBytes: Buffer | null
  }
}

/**
 * Instead of Fastify's own parser, which searches every body for keys that could poison a prototype. Those need certain
 * letters, or an escape that hides them: only a body that has these is searched, and only one that is no JSON is parsed
 * twice, for Fastify's own words of what is wrong.
 * @param check throws for a body that is not to be taken, before anything is made of it
 */
export function registerJsonBody(app: FastifyInstance, check: (body: unknown) => void = () => {}): void {
  const careful = app.getDefaultJsonParser('error', 'error')
  app.decorateRequest('bodyBytes', null)
  app.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, bytes, done) => {
    const body = SUSPECT.some((letters) => bytes.includes(letters)) ? undefined : parse(bytes)
    const give = (fault: Error | null, body?: unknown): void => {
      try {
        if (fault === null) check(body)
      } catch (error) {
        fault = error as Error
      }
      if (fault === null) done(null, body)
      else done(fault)
    }
    if (body === undefined) return careful(request, bytes.toString(), give)
    request.bodyBytes = bytes
    give(null, body)
  })
}

/** Each is looked for in all of the body: the fewer, the cheaper a long one. Escapes below U+0100 can hide the words. */
const SUSPECT = ['"__proto__"', '"constructor"', '\\u00'].map((letters) => Buffer.from(letters))

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown
  } catch {
    return undefined
  }
}
