/** POST /v1/embeddings. */
import type { FastifyInstance } from 'fastify'
import { costHeaders, costsOf, createAnswerHeaders } from '../headers/answer-headers.ts'
import { contextOf } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import { embedAll } from './embed.ts'
import { readEmbeddings } from './request.ts'
import { inFormat } from './vector.ts'

export async function embeddings(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const { gateway, clientOf, passHeaders, redact = (text: string) => text } = options
  const headersOf = createAnswerHeaders(redact, options.told)

  app.post('/v1/embeddings', async (request, reply) => {
    const { chat, embeddings: asked } = readEmbeddings(request.body)
    const context = contextOf(request, reply, clientOf, passHeaders)
    const batches = await embedAll(chat, asked, context, gateway)
    const vectors = batches.flatMap((batch) => batch.vectors)
    const tokens = batches.reduce((sum, batch) => sum + batch.tokens, 0)
    const [first] = batches
    const body = {
      object: 'list',
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: inFormat(vector, asked.encoding_format),
      })),
      model: chat.model,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    }
    return reply
      .headers({
        'x-request-id': request.id,
        ...(first
          ? { ...headersOf(first.answer), ...costHeaders(costsOf(batches.map(({ answer }) => answer)), options.told) }
          : {}),
      })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify(body))
  })
}
