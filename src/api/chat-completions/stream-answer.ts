import type { FastifyBaseLogger, FastifyReply } from 'fastify'
import { addAlarm, removeAlarm, type Alarm } from '../../chat/alarms.ts'
import { pour } from '../../chat/flow.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Answer, ChatContext, Gateway } from '../../gateway/contract.ts'
import type { AnswerHeaders } from '../answer-headers.ts'
import { createEventStream } from '../sse.ts'
import { asGatewayError } from './answer/ending-error.ts'
import { createChunkWriter, type AnswerMeta } from './chunks.ts'

export interface StreamedCall {
  gateway: Gateway
  chat: ChatRequest
  context: ChatContext
  meta: AnswerMeta
  /** Milliseconds. */
  heartbeat: number
  clientIdle: number
  headersOf: AnswerHeaders
  redact: (text: string) => string
  log: Pick<FastifyBaseLogger, 'error'>
}

/**
 * Streams an answer. Faults before the first content are thrown, and become ordinary HTTP errors; unless the wait for it
 * was so long that the client was given its head and a sign of life: then they travel in the stream, as later ones do.
 */
export async function streamAnswer(call: StreamedCall, reply: FastifyReply): Promise<FastifyReply> {
  const { gateway, chat, context, meta, headersOf, heartbeat, clientIdle, redact, log } = call
  const stream = createEventStream(reply.raw, { heartbeat, clientIdle })
  const writer = createChunkWriter(chat, meta)
  const open = (headers?: Record<string, string>): void => {
    if (stream.isOpen()) return
    reply.hijack()
    stream.open({ 'x-request-id': context.id, ...headers })
  }

  const fail = (cause: unknown): void => {
    const error = asGatewayError(cause)
    // An HTTP error would be logged on its way out; one that travels in the stream has nobody else.
    if (error.kind === 'internal')
      log.error({ err: error.cause ?? error, request: context.id }, 'the answer could not be streamed')
    stream.end(redact(writer.fail(error)))
  }

  const impatience: Alarm = {
    due: performance.now() + heartbeat,
    ring() {
      open()
      stream.beat()
    },
  }
  if (heartbeat > 0) addAlarm(impatience)

  let answer: Answer
  try {
    answer = await gateway.chat(chat, context)
  } catch (error) {
    if (!stream.isOpen()) throw error
    fail(error)
    return reply
  } finally {
    removeAlarm(impatience)
  }

  if (!stream.isOpen()) open(headersOf(answer))
  try {
    await pour(answer.deltas, (deltas) => {
      const full = stream.write(writer.write(deltas))
      const fault = writer.fault()
      if (fault !== undefined) throw fault
      return full
    })
    stream.end(writer.end(answer.terminated()))
  } catch (error) {
    fail(error)
  }
  return reply
}
