/** /api/embed, and /api/embeddings as it was before: over every wire that gives vectors. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isRecord } from '../chat-completions/json-value.ts'
import { embedAll } from '../embeddings/embed.ts'
import { readEmbeddings } from '../embeddings/request.ts'
import { inFormat } from '../embeddings/vector.ts'
import { createAnswerHeaders } from '../headers/answer-headers.ts'
import { contextOf } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import { nanoseconds } from './lines.ts'

export interface Embedded {
  vectors: (readonly number[] | string)[]
  tokens: number
  headers: Record<string, string>
  /** Nanoseconds. */
  duration: number
}

/** Throws a GatewayError that names the field at fault. @param input a text, or texts */
export type Embed = (model: string, input: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<Embedded>

export function createEmbed(options: InboundOptions): Embed {
  const { gateway, clientOf, passHeaders, redact = (text: string) => text, now = Date.now } = options
  const headersOf = createAnswerHeaders(redact, options.told)
  return async (model, input, request, reply) => {
    const started = now()
    // nothing is answered by nothing: clients ask so to load a model
    if (input === '' || (Array.isArray(input) && input.length === 0))
      return { vectors: [], tokens: 0, headers: {}, duration: nanoseconds(0) }
    const { dimensions, truncate } = isRecord(request.body) ? request.body : {}
    const { chat, embeddings } = readEmbeddings({ model, input, dimensions })
    if (truncate === true) chat.losses = ['truncate: what is too long is cut or refused as the provider does, left out']
    const context = contextOf(request, reply, clientOf, passHeaders)
    const batches = await embedAll(chat, embeddings, context, gateway)
    const [first] = batches
    return {
      vectors: batches.flatMap((batch) => batch.vectors).map((vector) => inFormat(vector, 'float')),
      tokens: batches.reduce((sum, batch) => sum + batch.tokens, 0),
      headers: first ? headersOf(first.answer) : {},
      duration: nanoseconds(now() - started),
    }
  }
}
