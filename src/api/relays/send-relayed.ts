/** A relayed answer on its way to the client: as JSON, as events, or as its bytes. */
import type { FastifyReply } from 'fastify'
import type { Delta } from '../../chat/delta.ts'
import { errorBody, GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Answer, ChatContext } from '../../gateway/types.ts'
import { addDeadline, removeDeadline, type Deadline } from '../../runtime/deadline-timer.ts'
import { createAnswerHeaders } from '../headers/answer-headers.ts'
import { untilTaken, limitTaking } from '../http/slow-client.ts'
import { createEventStream, type EventStream } from '../http/sse.ts'
import { endingError } from '../inbound/ending-error.ts'
import { EVENTS, type InboundOptions } from '../inbound/inbound-api.ts'

export type SendRelayed = (
  chat: ChatRequest,
  wantsEvents: boolean,
  context: ChatContext,
  reply: FastifyReply,
) => Promise<FastifyReply>

/** The first piece of an answer, and those behind it. */
interface Begun {
  answer: Answer
  first: Delta
  rest: AsyncIterator<Delta[]>
  /** What came with the first. */
  beside: Delta[]
}

export function createSendRelayed(options: InboundOptions): SendRelayed {
  const { gateway, heartbeat, clientIdle = 0, redact = (text: string) => text, log = console } = options
  const headersOf = createAnswerHeaders(redact, options.told)

  return async (chat, wantsEvents, context, reply) => {
    const stream = createEventStream(reply.raw, { heartbeat, clientIdle, style: EVENTS })
    const open = (headers?: Record<string, string>): void => {
      if (stream.isOpen()) return
      reply.hijack()
      stream.open({ 'x-request-id': context.id, ...headers })
    }
    const fail = (cause: unknown): void => {
      const error = endingError(cause)
      if (error.kind === 'internal')
        log.error({ err: error.cause ?? error, request: context.id }, 'the answer could not be relayed')
      stream.end(redact(`event: error\ndata: ${JSON.stringify(errorBody(error))}\n\n`))
    }
    const impatience: Deadline = {
      due: performance.now() + heartbeat,
      expire() {
        open()
        stream.beat()
      },
    }
    if (wantsEvents && heartbeat > 0) addDeadline(impatience)
    let begun: Begun
    try {
      begun = await begin(await gateway.chat(chat, context))
    } catch (error) {
      if (!stream.isOpen()) throw error
      fail(error)
      return reply
    } finally {
      removeDeadline(impatience)
    }
    const { answer, first } = begun
    const { type = '', length } = first.media ?? {}
    const isEvents = type.startsWith('text/event-stream')
    const headers = { 'x-request-id': context.id ?? '', ...headersOf(answer) }
    if (isEvents || stream.isOpen()) {
      open(headers)
      await sendEvents(begun, stream, isEvents).catch(fail)
      return reply
    }
    reply.hijack()
    // a whole answer has its length, or is cut off where the upstream's was
    reply.raw.writeHead(200, {
      ...headers,
      'content-type': type,
      ...(length !== undefined && { 'content-length': length }),
    })
    try {
      for await (const { raw } of piecesOf(begun)) {
        if (!reply.raw.write(raw?.bytes ?? raw?.text ?? '')) await untilTaken(reply.raw, clientIdle)
      }
      reply.raw.end()
      limitTaking(reply.raw, clientIdle)
    } catch {
      // the head is told: that the answer broke off, only the connection can say
      reply.raw.destroy()
    }
    return reply
  }
}

async function begin(answer: Answer): Promise<Begun> {
  const rest = answer.deltas[Symbol.asyncIterator]()
  for (;;) {
    const read = await rest.next()
    if (read.done) throw new GatewayError('bad_answer', `${answer.provider} gave no answer that can be relayed.`)
    const at = read.value.findIndex(({ media }) => media !== undefined)
    const first = read.value[at]
    if (first) return { answer, first, rest, beside: read.value.slice(at + 1) }
  }
}

async function* piecesOf({ first, beside, rest }: Begun): AsyncGenerator<Delta> {
  try {
    yield first
    yield* beside
    for (;;) {
      const read = await rest.next()
      if (read.done) return
      yield* read.value
    }
  } finally {
    await rest.return?.()
  }
}

/** @param isEvents else it is one answer, to a client that was told of events while it waited */
async function sendEvents(begun: Begun, stream: EventStream, isEvents: boolean): Promise<void> {
  for await (const { raw } of piecesOf(begun)) {
    if (!raw) continue
    const text = raw.text ?? Buffer.from(raw.bytes ?? []).toString()
    const name = isEvents && raw.name !== undefined ? `event: ${raw.name}\n` : ''
    await stream.write(`${name}data: ${text.replaceAll('\n', '\ndata: ')}\n\n`)
  }
  stream.end('')
}
