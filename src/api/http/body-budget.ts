/** The bodies of all requests that run have one bound together: each alone may be small, and a thousand of them are not. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import { Transform, type TransformCallback } from 'node:stream'
import { GatewayError } from '../../chat/error.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** What its body takes of the bound, where that is not known from its head alone. */
    bodyShare: BodyShare | null
  }
}

const COME_BACK = 1000
/** Bytes: smaller ones are not worth counting, and nobody has enough connections to fill a memory with them. */
const SMALL = 4096

/** @param most bytes */
export function registerBodyBudget(app: FastifyInstance, most: number): void {
  const budget = { held: 0, most }
  app.decorateRequest('bodyShare', null)
  app.addHook('preParsing', (request: FastifyRequest, reply, payload, done) => {
    const { 'content-length': told, 'transfer-encoding': coding, 'content-encoding': packed } = request.headers
    const size = Number(told ?? 0)
    if (coding === undefined && packed === undefined && size <= SMALL) return done(null, payload)
    const share = new BodyShare(budget, reply.raw)
    request.bodyShare = share
    if (coding === undefined) {
      share.take(size)
      return done(null, payload)
    }
    // nobody has said how long it will be
    const counted = new Counted(share)
    payload.once('error', (error) => counted.destroy(error))
    done(null, payload.pipe(counted))
  })
}

export class BodyShare {
  private readonly budget: { held: number; most: number }
  private readonly response: ServerResponse
  private bytes = 0

  /** Until the response is over: the body is kept as long, in one form or another. */
  constructor(budget: BodyShare['budget'], response: ServerResponse) {
    this.budget = budget
    this.response = response
    response.once('close', () => (budget.held -= this.bytes))
  }

  /** Throws a GatewayError where there is no room. */
  take(bytes: number): void {
    const { budget } = this
    if (budget.held + bytes > budget.most)
      throw new GatewayError(
        'overloaded',
        'The requests that run now have as many bytes as this server takes: ask again (server.bounds.bodies).',
        { retryAfter: COME_BACK },
      )
    // what is over gives nothing back any more
    if (this.response.closed) return
    this.bytes += bytes
    budget.held += bytes
  }
}

class Counted extends Transform {
  private readonly share: BodyShare

  constructor(share: BodyShare) {
    super()
    this.share = share
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      this.share.take(bytes.length)
    } catch (error) {
      return done(error as Error)
    }
    done(null, bytes)
  }
}
