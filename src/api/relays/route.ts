/** What goes to OpenAI-like upstreams as it came, and comes back so: JSON both ways. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/record.ts'
import { createAnswerHeaders } from '../headers/answer-headers.ts'
import { contextOf } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import { nativeRequest } from '../inbound/native-request.ts'

/** By path, what formats name under `native.operations`. */
const OPERATIONS = {
  '/v1/moderations': 'moderations',
  '/v1/images/generations': 'image_generations',
  '/v1/rerank': 'rerank',
} as const

export async function relays(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const { gateway, clientOf, passHeaders, redact = (text: string) => text } = options
  const headersOf = createAnswerHeaders(redact)

  async function relay(operation: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { body } = request
    if (!isRecord(body)) throw invalid('The body is a JSON object.', null)
    const model = filled(body['model'])
    if (model === undefined) throw invalid('you must provide a model parameter', 'model')
    if (body['stream'] === true) throw invalid('This server relays whole answers here: leave stream out.', 'stream')
    const chat = parseChatRequest({ model, messages: [], user: body['user'] })
    // formats name the API of which these are parts by its oldest
    chat.native = { ...nativeRequest('completions', request), operation }
    chat.needs_native = `${operation.replace('_', ' ')} are answered`
    const answer = await gateway.chat(chat, contextOf(request, reply, clientOf, passHeaders))
    let text: string | undefined
    for await (const deltas of answer.deltas) for (const { raw } of deltas) text ??= raw?.text
    if (text === undefined)
      throw new GatewayError('bad_answer', `${answer.provider} gave no answer that can be relayed.`)
    return reply
      .headers({ 'x-request-id': request.id, ...headersOf(answer) })
      .type('application/json; charset=utf-8')
      .send(text)
  }

  for (const [path, operation] of Object.entries(OPERATIONS))
    app.post(path, (request, reply) => relay(operation, request, reply))
}

function invalid(message: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', message, param === null ? {} : { param })
}
