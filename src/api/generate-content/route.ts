/** POST /v1beta/models/{model}:generateContent, :streamGenerateContent and :countTokens; GET /v1beta/models[/{model}]. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { contextOf, createAnswerCall } from '../inbound/answer-call.ts'
import { readAgain } from '../http/read-again.ts'
import { countTokens } from '../inbound/count-tokens.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { findModel, type ModelsOptions } from '../routes/models.ts'
import { createResponse } from './answer.ts'
import { createResponseWriter, JSON_ARRAY, SERVER_SENT } from './events.ts'
import { createEmbedContent } from './embed.ts'
import { generateContentModel, generateContentModels } from './models.ts'
import { readGenerateContent } from './request.ts'
import { checkGenerateContent } from './schema.ts'

const VERBS = /:(generateContent|streamGenerateContent|countTokens|embedContent|batchEmbedContents)$/

/** Names of models may have slashes, and this API puts a verb behind a colon. */
interface Named {
  Params: { '*': string }
  Querystring: { alt?: string }
}

export async function generateContent(app: FastifyInstance, options: InboundOptions & ModelsOptions): Promise<void> {
  const answerCall = createAnswerCall({ log: app.log, ...options })
  const embedContent = createEmbedContent(options)

  function answer(request: FastifyRequest<Named>, reply: FastifyReply): Promise<FastifyReply> {
    const { model, verb } = readName(request.params['*'])
    if (verb === 'countTokens') return count(request, reply, model)
    if (verb === 'embedContent' || verb === 'batchEmbedContents')
      return embedContent(model, verb === 'batchEmbedContents', request, reply)
    const streams = verb === 'streamGenerateContent'
    if (!streams && verb !== 'generateContent') throw unknownVerb(verb)
    check(request.body)
    const chat = readAgain(request, () => readGenerateContent(request, model, streams))
    const style = request.query.alt === 'sse' ? SERVER_SENT : JSON_ARRAY
    const call = {
      chat,
      stream: (tellLoss: TellLoss) => createResponseWriter(chat, style, tellLoss),
      whole: (tellLoss: TellLoss) => createResponse(chat, model, tellLoss),
      style,
    }
    return answerCall(call, request, reply)
  }

  async function count(request: FastifyRequest<Named>, reply: FastifyReply, model: string): Promise<FastifyReply> {
    // what would be generated may stand in an envelope of its own
    const { body } = request
    const inner = isRecord(body) ? (body['generateContentRequest'] ?? body['generate_content_request']) : undefined
    check(inner ?? body)
    const chat = readGenerateContent(request, model, false)
    const context = contextOf(request, reply, options.clientOf, options.passHeaders)
    const counted = await countTokens(chat, context, options.gateway, (totalTokens) => ({ totalTokens }))
    return reply
      .headers({ 'x-request-id': request.id, ...counted.headers })
      .type('application/json; charset=utf-8')
      .send(counted.body)
  }

  app.post<Named>('/v1/models/*', answer)
  for (const version of ['/v1beta', '/v1alpha']) {
    app.post<Named>(`${version}/models/*`, answer)
    // some SDKs take a name with a slash for a whole path, without `models/`
    app.post<Named>(`${version}/*`, (request, reply) =>
      VERBS.test(request.params['*']) ? answer(request, reply) : reply.callNotFound(),
    )
    app.get(`${version}/models`, (request) => generateContentModels(options.models(request), request.query))
    app.get<Named>(`${version}/models/*`, (request, reply) => {
      const id = request.params['*']
      if (VERBS.test(id)) return reply.callNotFound()
      return generateContentModel(findModel(id, options.models(request), options))
    })
  }
}

function check(body: unknown): void {
  const error = checkGenerateContent(body)
  if (error !== undefined) throw error
}

function readName(path: string): { model: string; verb: string } {
  const colon = path.lastIndexOf(':')
  return colon < 0 ? { model: path, verb: '' } : { model: path.slice(0, colon), verb: path.slice(colon + 1) }
}

function unknownVerb(verb: string): GatewayError {
  const known = 'generateContent, streamGenerateContent, countTokens, embedContent and batchEmbedContents'
  return new GatewayError(
    'not_found',
    `This server has no ${verb.slice(0, 60) || 'method'} of a model; it has ${known}.`,
    { code: null },
  )
}
