/** Ollama's API, for clients that speak nothing else: https://docs.ollama.com/api */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ChatRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { createAnswerCall } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import type { ModelsOptions } from '../routes/models.ts'
import { createLineAnswer } from './answer.ts'
import { createEmbed } from './embed.ts'
import { createLineWriter, lineStyle } from './events.ts'
import { chatWording, generateWording, lineOf, type LineMeta, type Wording } from './lines.ts'
import { API_VERSION, listedModel, namedModel, shownModel, untagged } from './models.ts'
import { readChat, toGenerate } from './request.ts'
import { checkChat, checkGenerate } from './schema.ts'

type Map = Record<string, unknown>

export async function ollama(app: FastifyInstance, options: InboundOptions & ModelsOptions): Promise<void> {
  const { now = Date.now } = options
  const started = now()
  const answerCall = createAnswerCall({ log: app.log, ...options })
  const embed = createEmbed(options)

  const metaOf = (model: string, wording: Wording): LineMeta => ({ model, wording, now, started: now() })

  function answer(
    chat: ChatRequest,
    meta: LineMeta,
    passes: boolean,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const call = {
      chat,
      stream: (tellLoss: TellLoss) => createLineWriter(chat, meta, passes, tellLoss),
      whole: (tellLoss: TellLoss) => createLineAnswer(chat, meta, passes, tellLoss),
      style: lineStyle(meta),
    }
    return answerCall(call, request, reply)
  }

  /** Without a question a model is loaded, or let go: here all are there. */
  function loaded(body: Map, meta: LineMeta, reply: FastifyReply): FastifyReply {
    namedModel(meta.model, options, reply.request)
    const done_reason = body['keep_alive'] === 0 || body['keep_alive'] === '0' ? 'unload' : 'load'
    return reply.type(JSON_TYPE).send(JSON.stringify(lineOf(meta, {}, { done: true, done_reason })))
  }

  app.post('/api/chat', (request, reply) => {
    const body = checked(request.body, checkChat)
    const meta = metaOf(String(body['model']), chatWording)
    if (!Array.isArray(body['messages']) || body['messages'].length === 0) return loaded(body, meta, reply)
    return answer(readChat(request, untagged(meta.model, options)), meta, true, request, reply)
  })

  app.post('/api/generate', (request, reply) => {
    const body = checked(request.body, checkGenerate)
    const meta = metaOf(String(body['model']), generateWording)
    if (filled(body['prompt']) === undefined && filled(body['suffix']) === undefined) return loaded(body, meta, reply)
    return answer(toGenerate(body, untagged(meta.model, options)), meta, false, request, reply)
  })

  app.post('/api/embed', async (request, reply) => {
    const { name, body } = named(request.body)
    const { vectors, tokens, headers, duration } = await embed(untagged(name, options), body['input'], request, reply)
    return reply.headers({ 'x-request-id': request.id, ...headers }).send({
      model: name,
      embeddings: vectors,
      total_duration: duration,
      load_duration: 0,
      prompt_eval_count: tokens,
    })
  })

  app.post('/api/embeddings', async (request, reply) => {
    const { name, body } = named(request.body)
    const { vectors, headers } = await embed(untagged(name, options), body['prompt'], request, reply)
    return reply.headers({ 'x-request-id': request.id, ...headers }).send({ embedding: vectors[0] ?? [] })
  })

  app.post('/api/show', (request) => {
    const { name } = named(request.body)
    return shownModel(namedModel(name, options, request), started)
  })
  app.get('/api/tags', (request) => ({ models: options.models(request).map((model) => listedModel(model, started)) }))
  // nothing is held in memory here
  app.get('/api/ps', () => ({ models: [] }))
  app.get('/api/version', () => ({ version: API_VERSION }))
  app.get('/', (_request, reply) => reply.type('text/plain; charset=utf-8').send('Ollama is running'))
}

const JSON_TYPE = 'application/json; charset=utf-8'

function checked(body: unknown, check: (body: unknown) => GatewayError | undefined): Map {
  const error = check(body)
  if (error !== undefined) throw error
  return body as Map
}

/** Older clients say `name`. */
function named(body: unknown): { name: string; body: Map } {
  const map = isRecord(body) ? body : {}
  const name = filled(map['model']) ?? filled(map['name'])
  if (name === undefined) throw new GatewayError('invalid_request', 'model is required', { param: 'model' })
  return { name, body: map }
}
