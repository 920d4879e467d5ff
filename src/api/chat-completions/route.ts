/** POST /v1/chat/completions: the body is checked and parsed, the gateway is asked, the answer is streamed or added up. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { ChatRequest } from '../../chat/request.ts'
import { readAgain } from '../http/read-again.ts'
import { createAnswerCall } from '../inbound/answer-call.ts'
import { EVENTS, type InboundOptions } from '../inbound/inbound-api.ts'
import { createChunkWriter } from './response/chunks.ts'
import { createCompletion } from './response/completion.ts'
import { parseChatRequest } from './request/parse.ts'
import { chatRequestSchema, checkChatRequest } from './request/schema/schema.ts'

function read({ body, bodyBytes }: FastifyRequest): ChatRequest {
  const chat = parseChatRequest(body as Record<string, unknown>)
  if (bodyBytes) chat.received = { body: chat.body, bytes: bodyBytes }
  return chat
}

export async function chatCompletions(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const { now = Date.now } = options
  const answerCall = createAnswerCall({ log: app.log, ...options })

  app.post('/v1/chat/completions', {
    schema: { body: chatRequestSchema },
    // Fastify's own compiler would coerce and remove; this one gives OpenAI's words as well.
    validatorCompiler: () => (body: unknown) => {
      const error = checkChatRequest(body)
      return error === undefined ? { value: body } : { error }
    },
    handler: (request, reply) => {
      const chat = readAgain(request, () => read(request))
      if (options.alwaysUsage) chat.include_usage = chat.stream
      const meta = { model: chat.model, created: Math.floor(now() / 1000) }
      const call = {
        chat,
        stream: () => createChunkWriter(chat, meta),
        whole: () => createCompletion(chat, meta),
        style: EVENTS,
      }
      return answerCall(call, request, reply)
    },
  })
}
