/** What goes to OpenAI-like upstreams as it came, and comes back so: JSON or a form, to JSON, events or bytes. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import type { Form, RelayRequest } from '../../chat/request.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { checkNumbers, RELAYED_BOUNDS } from '../chat-completions/request/schema/number-bounds.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { contextOf } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import { decodeRequest } from '../content-encoding.ts'
import { readForm, textsOf } from './form.ts'
import { createSendRelayed } from './send-relayed.ts'

const FORM = 'multipart/form-data'

/** By path behind /v1, the bodies that each takes. */
const OPERATIONS: Readonly<Record<string, readonly string[]>> = {
  moderations: ['application/json'],
  'images/generations': ['application/json'],
  'images/edits': [FORM, 'application/json'],
  'images/variations': [FORM],
  'audio/speech': ['application/json'],
  'audio/transcriptions': [FORM, 'application/json'],
  'audio/translations': [FORM, 'application/json'],
  rerank: ['application/json'],
}

/** The model that OpenAI takes where a request names none, as its SDKs let it. */
const USUAL: Readonly<Record<string, string>> = { moderations: 'omni-moderation-latest' }

export async function relays(app: FastifyInstance, options: InboundOptions): Promise<void> {
  const { clientOf, passHeaders } = options
  const sendRelayed = createSendRelayed(options)
  const most = app.initialConfig.bodyLimit ?? Infinity

  app.addContentTypeParser<Buffer>(FORM, { parseAs: 'buffer' }, async (request: FastifyRequest, bytes: Buffer) => {
    const { 'content-encoding': encoding, 'content-type': type = '' } = request.headers
    if (encoding === undefined) return readForm(bytes, type)
    return readForm(await decodeRequest(bytes, encoding, most, (count) => request.bodyShare?.take(count)), type)
  })
  app.addContentTypeParser('*', (request: FastifyRequest, _payload, done) => done(wrongType(request)))

  async function relay(operation: string, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = readRelay(operation, request)
    const { body } = asked
    const model = filled(body['model']) ?? USUAL[operation]
    if (model === undefined) throw invalid('you must provide a model parameter', 'model')
    const outside = checkNumbers(body, RELAYED_BOUNDS)
    if (outside) throw outside
    const chat = parseChatRequest({ model, messages: [] })
    chat.relay = asked
    const wantsEvents = body['stream'] === true || body['stream'] === 'true' || body['stream_format'] === 'sse'
    return sendRelayed(chat, wantsEvents, contextOf(request, reply, clientOf, passHeaders), reply)
  }

  for (const [operation, types] of Object.entries(OPERATIONS))
    app.post(`/v1/${operation}`, { config: { types } }, (request, reply) => relay(operation, request, reply))
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Media types of the bodies that a relayed path takes. */
    types?: readonly string[]
  }
}

function readRelay(operation: string, request: FastifyRequest): RelayRequest {
  const { types = [] } = request.routeOptions.config
  const isForm = (request.headers['content-type'] ?? '').toLowerCase().startsWith(FORM)
  if (!types.includes(isForm ? FORM : 'application/json')) throw wrongType(request)
  if (isForm) {
    const form = request.body as Form
    return { operation, body: textsOf(form), form }
  }
  if (!isRecord(request.body)) throw invalid('The body is a JSON object.', null)
  return { operation, body: request.body, ...(request.bodyBytes && { bytes: request.bodyBytes }) }
}

function wrongType({ routeOptions }: FastifyRequest): GatewayError {
  const types = routeOptions.config.types?.join(' or ') ?? 'application/json'
  return new GatewayError('invalid_request', `The request body must be ${types}: say so in its content-type.`, {
    status: 415,
  })
}

function invalid(message: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', message, param === null ? {} : { param })
}
