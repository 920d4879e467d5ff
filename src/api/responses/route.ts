/** OpenAI's Responses API: POST /v1/responses and /v1/responses/input_tokens, and what is kept of the answers. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import { contextOf, createAnswerCall } from '../inbound/answer-call.ts'
import { countTokens } from '../inbound/count-tokens.ts'
import { EVENTS, type InboundOptions, type StreamStyle } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { nativeRequest } from '../inbound/native-request.ts'
import { WITHOUT_BODY } from '../http/json-body.ts'
import { makeId } from '../http/request-id.ts'
import { invalid } from '../chat-completions/request/invalid.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { createResponse, type Finished } from './answer.ts'
import { createEventWriter } from './events.ts'
import type { KeptResponse, ResponseStore } from './kept-response.ts'
import { readResponsesRequest } from './request.ts'
import { checkResponses } from './schema.ts'
import type { ResponseMeta } from './response-object.ts'

type Json = Record<string, unknown>

export interface ResponsesOptions extends InboundOptions {
  /** Opened when it is needed first. */
  responses: () => ResponseStore
}

/** Ours, so that one that is gone is told apart from one that another server made. */
const PREFIX = 'resp_bc'
const NO_HISTORY: KeptResponse[] = []

/** A comment with one line feed: a blank line after it ends the stream in some clients. */
const STYLE: StreamStyle = { ...EVENTS, heartbeat: ': keep-alive\n' }

export async function responses(app: FastifyInstance, options: ResponsesOptions): Promise<void> {
  const { now = Date.now, clientOf, responses: store } = options
  const answerCall = createAnswerCall({ log: app.log, ...options })

  async function kept<T>(read: (all: ResponseStore) => Promise<T>): Promise<T> {
    try {
      return await read(store())
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      const message = `What is kept of responses cannot be read: ${why}. Requests that do not go on from one are served.`
      throw new GatewayError('overloaded', message, { code: 'responses_unreadable', cause })
    }
  }

  /** The client's request, with the responses before it that are kept here. */
  async function read(request: FastifyRequest) {
    const body: unknown = request.body
    const fault = checkResponses(body)
    if (fault || !isRecord(body)) throw fault
    const client = clientOf?.(request)
    const previous = filled(body['previous_response_id'])
    const history = previous === undefined ? NO_HISTORY : await historyOf(kept, previous, client)
    const before = history?.flatMap(({ items, response }) => [...items, ...outputOf(response)]) ?? []
    const { chat, items, spaced } = readResponsesRequest(body, before, history === undefined)
    chat.native = nativeRequest('responses', request)
    if (history?.some(({ isNative }) => !isNative)) {
      // the upstream does not know what another one answered
      const { previous_response_id: _gone, ...rest } = body
      chat.native = { ...chat.native, body: { ...rest, input: [...before, ...items] }, bytes: undefined }
    }
    return { body, client, chat, items, spaced, previous: history ? previous : undefined }
  }

  app.post('/v1/responses', async (request, reply) => {
    const { body, client, chat, items, spaced, previous } = await read(request)
    const meta: ResponseMeta = { id: makeId(PREFIX), model: chat.model, created: Math.floor(now() / 1000), body }
    const finished: Finished = (response, isNative) => {
      const id = filled(response['id'])
      if (body['store'] === false || id === undefined) return
      try {
        store().put({ id, client, previous, isNative, items, response })
      } catch (err) {
        // the answer is there all the same
        app.log.error({ err, response: id }, 'a response cannot be kept, so that no later request can go on from it')
      }
    }
    const call = {
      chat,
      stream: (tellLoss: TellLoss) => createEventWriter(chat, meta, spaced, finished, tellLoss),
      whole: (tellLoss: TellLoss) => createResponse(chat, meta, spaced, finished, tellLoss),
      style: STYLE,
    }
    return answerCall(call, request, reply)
  })

  app.post('/v1/responses/input_tokens', async (request, reply) => {
    const { chat } = await read(request)
    const context = contextOf(request, reply, clientOf, options.passHeaders)
    const { body, headers } = await countTokens(chat, context, options.gateway, (input_tokens) => ({
      object: 'response.input_tokens',
      input_tokens,
    }))
    return reply
      .headers({ 'x-request-id': request.id, ...headers })
      .type('application/json; charset=utf-8')
      .send(body)
  })

  const keptOf = async (request: FastifyRequest): Promise<KeptResponse> => {
    const { id } = request.params as { id: string }
    const found = await kept((all) => all.get(id, clientOf?.(request)))
    if (!found) throw missing(id)
    return found
  }

  app.get('/v1/responses', (request, reply) => {
    // agents that would rather speak over a WebSocket post at once after this status, and try for seconds after another
    if (/websocket/i.test(request.headers.upgrade ?? '')) void reply.header('upgrade', 'HTTP/1.1')
    throw new GatewayError(
      'unsupported',
      'Responses are asked for by POST /v1/responses; there is no WebSocket here.',
      {
        status: /websocket/i.test(request.headers.upgrade ?? '') ? 426 : 405,
        code: null,
      },
    )
  })
  void app.register(async (ours) => {
    ours.addHook('onSend', (request, reply, payload, done) => {
      reply.header('x-request-id', request.id)
      done(null, payload)
    })
    ours.get('/v1/responses/:id', async (request) => {
      const { response } = await keptOf(request)
      if (String((request.query as Json)['stream']) === 'true')
        throw invalid('Only background responses can be streamed again, and this server runs none.', 'stream')
      return response
    })
    ours.get('/v1/responses/:id/input_items', async (request) => listOf(await keptOf(request), request.query as Json))
    ours.delete('/v1/responses/:id', WITHOUT_BODY, async (request) => {
      const { id } = request.params as { id: string }
      if (!(await kept((all) => all.delete(id, clientOf?.(request))))) throw missing(id)
      return { id, object: 'response', deleted: true }
    })
    ours.post('/v1/responses/:id/cancel', WITHOUT_BODY, async (request) => {
      await keptOf(request)
      throw invalid('Only background responses can be cancelled, and this server runs none.', 'id')
    })
  })
}

type Read = <T>(read: (all: ResponseStore) => Promise<T>) => Promise<T>

/** Undefined for one of another server. Rejects with a GatewayError where one of ours is gone. */
async function historyOf(kept: Read, id: string, client: string | undefined): Promise<KeptResponse[] | undefined> {
  const turns = await kept((all) => all.conversation(id, client))
  if (turns) return turns
  if (!id.startsWith(PREFIX)) return undefined
  throw invalid(
    `Previous response with id '${id}' not found: it is too old, deleted, was not stored, or belongs to another client.`,
    'previous_response_id',
    'previous_response_not_found',
  )
}

function missing(id: string): GatewayError {
  return new GatewayError('not_found', `Response with id '${id}' not found.`, { code: null, param: 'id' })
}

function outputOf({ output }: Json): unknown[] {
  return Array.isArray(output) ? output : []
}

const MOST_LISTED = 100

/** The newest first unless asked otherwise, as OpenAI lists them. */
function listOf({ items, id }: KeptResponse, { limit = '20', order = 'desc', after }: Json): Json {
  const named = items.map((item, index) => (isRecord(item) ? { id: `${id}_${index}`, ...item } : item)) as Json[]
  const sorted = order === 'asc' ? named : named.toReversed()
  const from = filled(after) === undefined ? 0 : sorted.findIndex((item) => item['id'] === after) + 1
  const most = Math.min(MOST_LISTED, Math.max(1, Number(limit) || 20))
  const data = sorted.slice(from, from + most)
  const ends = { first_id: data[0]?.['id'] ?? null, last_id: data.at(-1)?.['id'] ?? null }
  return { object: 'list', data, ...ends, has_more: from + most < sorted.length }
}
