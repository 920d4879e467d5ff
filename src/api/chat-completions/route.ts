/** POST /v1/chat/completions: the body is checked and parsed, the gateway is asked, the answer is streamed or added up. */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { pourDeltas } from '../../chat/answer-flow.ts'
import type { ChatContext, Gateway } from '../../gateway/contract.ts'
import { createAnswerHeaders } from '../answer-headers.ts'
import { clientSignal } from '../client-signal.ts'
import { createCompletion } from './completion.ts'
import { readMaxWait } from '../max-wait.ts'
import { limitTaking } from '../slow-client.ts'
import type { PassHeaders } from '../passed-headers.ts'
import { parseChatRequest } from './parse.ts'
import { chatRequestSchema, checkChatRequest } from './schema.ts'
import { streamAnswer, type StreamedCall } from './stream-answer.ts'

export interface ChatCompletionsOptions {
  gateway: Gateway
  /** Milliseconds of upstream silence before a streaming client gets a comment line; 0: never. */
  heartbeat: number
  /** Milliseconds in which a client must take something of what waits for it; any time when absent or 0. */
  clientIdle?: number
  /** Who asks, for fairness and limits. */
  clientOf?: (request: FastifyRequest) => string | undefined
  /** The client's own headers that may pass to the upstream. */
  passHeaders?: PassHeaders
  /** Takes secrets out of what an upstream's error says, before it goes into a stream. */
  redact?: (text: string) => string
  log?: Pick<FastifyBaseLogger, 'error'>
  /** Milliseconds since the epoch. */
  now?: () => number
}

export async function chatCompletions(app: FastifyInstance, options: ChatCompletionsOptions): Promise<void> {
  const { gateway, heartbeat, clientIdle = 0, clientOf, passHeaders } = options
  const { redact = asItIs, log = app.log, now = Date.now } = options
  const headersOf = createAnswerHeaders(redact)

  app.post('/v1/chat/completions', {
    schema: { body: chatRequestSchema },
    // Fastify's own compiler would coerce and remove; this one gives OpenAI's words as well.
    validatorCompiler: () => (body: unknown) => {
      const error = checkChatRequest(body)
      return error === undefined ? { value: body } : { error }
    },
    // not async: that would be one promise more, which waits for the other
    handler: (request, reply) => {
      const chat = parseChatRequest(request.body as Record<string, unknown>)
      if (request.bodyBytes) chat.received = { body: chat.body, bytes: request.bodyBytes }
      const context: ChatContext = {
        signal: clientSignal(reply.raw),
        client: clientOf?.(request),
        headers: passHeaders?.(request.headers),
        maxWait: readMaxWait(request.headers['x-max-wait']),
        id: request.id,
        explain: request.headers['x-explain'] !== undefined,
      }
      const meta = { model: chat.model, created: Math.floor(now() / 1000) }
      const call = { gateway, chat, context, meta, headersOf, clientIdle }
      return chat.stream ? streamAnswer({ ...call, heartbeat, redact, log }, reply) : completeAnswer(call, reply)
    },
  })
}

type Call = Pick<StreamedCall, 'gateway' | 'chat' | 'context' | 'meta' | 'headersOf' | 'clientIdle'>

async function completeAnswer(call: Call, reply: FastifyReply): Promise<FastifyReply> {
  const { gateway, chat, context, meta, headersOf, clientIdle } = call
  const answer = await gateway.chat(chat, context)
  const completion = createCompletion(chat, meta)
  await pourDeltas(answer.deltas, (deltas) => void completion.take(deltas))
  const text = JSON.stringify(completion.end(answer.terminated()))
  const size = Buffer.byteLength(text)
  // Straight to the response, which costs half of what a reply's serialising, hooks and headers do.
  reply.hijack()
  reply.raw.writeHead(200, {
    'x-request-id': context.id ?? '',
    ...headersOf(answer),
    'content-type': 'application/json; charset=utf-8',
    'content-length': size,
  })
  // One byte a character: joined to the head, and nothing is to be encoded. Otherwise as bytes, or the head would be encoded again.
  if (size === text.length && size <= MOST_JOINED) reply.raw.end(text, 'latin1')
  else reply.raw.end(Buffer.from(text))
  limitTaking(reply.raw, clientIdle)
  return reply
}

/** Characters: a longer text costs more to copy than to send by itself. */
const MOST_JOINED = 16 * 1024

const asItIs = (text: string): string => text
