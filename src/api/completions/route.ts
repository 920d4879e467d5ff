/** POST /v1/completions: to upstreams of that wire as it came, to all others as a chat of one user message. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { createAnswerCall } from '../inbound/answer-call.ts'
import { EVENTS, type InboundOptions } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { createTextCompletion } from './answer.ts'
import { createTextWriter } from './events.ts'
import { createPromptsCall } from './each-prompt.ts'
import { readCompletions, type CompletionsCall } from './request.ts'

export async function completions(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const { now = Date.now } = options
  const answerCall = createAnswerCall({ log: app.log, ...options })
  const answerEach = createPromptsCall(options)

  app.post('/v1/completions', async (request, reply) => {
    const asked = readCompletions(request)
    if (options.alwaysUsage) asked.chat.include_usage = asked.chat.stream
    const meta = { model: asked.chat.model, created: Math.floor(now() / 1000) }
    try {
      return await answer(asked, meta, request, reply)
    } catch (error) {
      // no upstream of this very API: each prompt becomes a chat of its own
      const isForEach = asked.prompts.length > 1 && asked.prompts.every((prompt) => typeof prompt === 'string')
      if (!isForEach || reply.sent || !(error instanceof GatewayError) || error.kind !== 'unsupported') throw error
      return answerEach(asked, meta, request, reply)
    }
  })

  function answer(
    asked: CompletionsCall,
    meta: { model: string; created: number },
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const { chat } = asked
    const [prompt = ''] = asked.prompts
    const text = typeof prompt === 'string' ? prompt : ''
    const before = { echo: asked.echo ? text : '', offset: text.length }
    const call = {
      chat,
      stream: (tellLoss: TellLoss) => createTextWriter(chat, meta, before, tellLoss),
      whole: (tellLoss: TellLoss) => createTextCompletion(chat, meta, before, tellLoss),
      style: EVENTS,
    }
    return answerCall(call, request, reply)
  }
}
