/** The bodies of all requests that run have one bound together: each alone may be small, and a thousand of them are not. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import { Transform, type TransformCallback } from 'node:stream'
import { GatewayError } from '../../chat/error.ts'

const COME_BACK = 1000
/** Bytes: smaller ones are not worth counting, and nobody has enough connections to fill a memory with them. */
const SMALL = 4096

/** @param most bytes */
export function registerBodyBudget(app: FastifyInstance, most: number): void {
  let held = 0

  /** Until the response is over: the body is kept as long, in one form or another. */
  function hold(size: number, response: ServerResponse): void {
    if (held + size > most)
      throw new GatewayError(
        'overloaded',
        'The requests that run now have as many bytes as this server takes: ask again (server.bounds.bodies).',
        { retryAfter: COME_BACK },
      )
    held += size
    response.once('close', () => (held -= size))
  }

  app.addHook('preParsing', (request: FastifyRequest, reply, payload, done) => {
    const { 'content-length': told, 'transfer-encoding': coding } = request.headers
    const size = Number(told ?? 0)
    if (coding === undefined) {
      if (size > SMALL) hold(size, reply.raw)
      return done(null, payload)
    }
    // nobody has said how long it will be
    const counted = new Counted((bytes) => hold(bytes, reply.raw))
    payload.once('error', (error) => counted.destroy(error))
    done(null, payload.pipe(counted))
  })
}

class Counted extends Transform {
  private readonly count: (bytes: number) => void

  constructor(count: (bytes: number) => void) {
    super()
    this.count = count
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.count(bytes.length)
    } catch (error) {
      return done(error as Error)
    }
    done(null, bytes)
  }
}
