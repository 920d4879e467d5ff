import type { FastifyReply } from 'fastify'
import { addDeadline, removeDeadline, type Deadline } from '../../runtime/deadline-timer.ts'
import { pipeAnswer, type AnswerSink } from '../../chat/answer-source.ts'
import type { Delta, RawEvent } from '../../chat/delta.ts'
import type { Answer } from '../../gateway/types.ts'
import { createEventStream, type EventStream } from '../http/sse.ts'
import { idHeaders, type OpenCall } from './open-call.ts'
import { endingError } from './ending-error.ts'
import type { AnswerWriter } from './inbound-api.ts'

/**
 * Streams an answer. Faults before the first content are thrown, and become ordinary HTTP errors; unless the wait for it
 * was so long that the client was given its head and a sign of life: then they travel in the stream, as later ones do.
 */
export async function streamAnswer(open: OpenCall, reply: FastifyReply): Promise<FastifyReply> {
  const { gateway, call, context, headersOf, heartbeat, clientIdle, redact, log } = open
  const stream = createEventStream(reply.raw, { heartbeat, clientIdle, style: call.style })
  let answer: Answer | undefined
  const writer = call.stream((loss) => void answer?.warnings.push(loss))
  const begin = (headers?: Record<string, string>): void => {
    if (stream.isOpen()) return
    reply.hijack()
    stream.open({ ...idHeaders(open), ...headers })
  }

  const fail = (cause: unknown): void => {
    const error = endingError(cause)
    // An HTTP error would be logged on its way out; one that travels in the stream has nobody else.
    if (error.kind === 'internal')
      log.error({ err: error.cause ?? error, request: context.id }, 'the answer could not be streamed')
    stream.end(redact(writer.fail(error)))
  }

  const impatience: Deadline = {
    due: performance.now() + heartbeat,
    expire() {
      begin()
      stream.beat()
    },
  }
  if (heartbeat > 0) addDeadline(impatience)

  try {
    answer = await gateway.chat(call.chat, context)
  } catch (error) {
    if (!stream.isOpen()) throw error
    fail(error)
    return reply
  } finally {
    removeDeadline(impatience)
  }

  if (!stream.isOpen()) begin(headersOf(answer))
  pipeAnswer(answer.deltas, new Outlet(stream, writer, answer, fail))
  return reply
}

/** What the client is told. A class: few objects a stream, and few touched a read. */
class Outlet implements AnswerSink {
  private readonly stream: EventStream
  private readonly writer: AnswerWriter
  private readonly answer: Answer
  readonly fail: (cause: unknown) => void

  constructor(stream: EventStream, writer: AnswerWriter, answer: Answer, fail: (cause: unknown) => void) {
    this.stream = stream
    this.writer = writer
    this.answer = answer
    this.fail = fail
  }

  takeText(literal: string, event: RawEvent | undefined): Promise<void> | undefined {
    return this.stream.write(this.writer.writeText(literal, event))
  }

  take(deltas: Delta[]): Promise<void> | undefined {
    const full = this.stream.write(this.writer.write(deltas))
    const fault = this.writer.fault()
    if (fault !== undefined) throw fault
    return full
  }

  end(): void {
    this.stream.end(this.writer.end(this.answer.terminated()))
  }
}
