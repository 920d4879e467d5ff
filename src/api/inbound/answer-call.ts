/** A client's request on its way through the gateway, whatever API it speaks: streamed, or added up. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { pipeDeltas } from '../../chat/answer-source.ts'
import type { ChatContext } from '../../gateway/types.ts'
import { costHeaders, createAnswerHeaders } from '../headers/answer-headers.ts'
import { atEndOfTurn } from '../../runtime/end-of-turn.ts'
import { clientSignal } from '../http/client-disconnect.ts'
import { givenTrace } from '../../runtime/trace-context.ts'
import { readMaxWait } from '../headers/max-wait.ts'
import { readObeys } from '../headers/retry-bounds.ts'
import { readSession } from '../headers/session.ts'
import { limitTaking } from '../http/slow-client.ts'
import type { InboundCall, InboundOptions } from './inbound-api.ts'
import { idHeaders, type OpenCall } from './open-call.ts'
import { streamAnswer } from './stream-answer.ts'

/** Faults before the answer has begun are thrown, for the server's error handler. */
export type AnswerCall = (call: InboundCall, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>

export function createAnswerCall(options: InboundOptions): AnswerCall {
  const { gateway, heartbeat, clientIdle = 0, clientOf, passHeaders } = options
  const { redact = asItIs, log = console } = options
  const headersOf = createAnswerHeaders(redact, options.told)
  // not async: that would be one promise more, which waits for the other
  return (call, request, reply) => {
    const context = contextOf(request, reply, clientOf, passHeaders)
    const open = { call, context, gateway, heartbeat, clientIdle, headersOf, told: options.told, redact, log }
    return call.chat.stream ? streamAnswer(open, reply) : completeAnswer(open, reply)
  }
}

/** What a client says of its request beside the body. */
export function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  clientOf: InboundOptions['clientOf'],
  passHeaders: InboundOptions['passHeaders'],
): ChatContext {
  return {
    signal: clientSignal(reply.raw),
    client: clientOf?.(request),
    headers: passHeaders?.(request.headers),
    maxWait: readMaxWait(request.headers['x-max-wait']),
    id: request.id,
    isAdmin: request.isAdmin,
    explain: request.isAdmin && request.headers['x-explain'] !== undefined,
    session: readSession(request.headers),
    obeys: readObeys(request.headers),
    trace: givenTrace(request.headers),
  }
}

async function completeAnswer(open: OpenCall, reply: FastifyReply): Promise<FastifyReply> {
  const { gateway, call, context, headersOf, clientIdle } = open
  const answer = await gateway.chat(call.chat, context)
  const whole = call.whole((loss) => void answer.warnings.push(loss))
  await pipeDeltas(answer.deltas, (deltas) => void whole.take(deltas))
  const body = whole.end(answer.terminated())
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const size = Buffer.byteLength(text)
  // Straight to the response, which costs half of what a reply's serialising, hooks and headers do.
  reply.hijack()
  reply.raw.writeHead(200, {
    ...idHeaders(open),
    ...headersOf(answer),
    ...costHeaders(answer, open.told),
    'content-type': 'application/json; charset=utf-8',
    'content-length': size,
  })
  atEndOfTurn(() => {
    // One byte a character: joined to the head, and nothing is to be encoded. Otherwise as bytes, or the head would be encoded again.
    if (size === text.length && size <= MOST_JOINED) reply.raw.end(text, 'latin1')
    else reply.raw.end(Buffer.from(text))
    limitTaking(reply.raw, clientIdle)
  })
  return reply
}

/** Characters: a longer text costs more to copy than to send by itself. */
const MOST_JOINED = 16 * 1024

const asItIs = (text: string): string => text
