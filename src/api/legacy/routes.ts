/**
 * The API of LLM-API-BalancedCall, this project's predecessor, for its users: no model is named, any may answer. Its shapes are
 * kept (`{ "result": … }`, `{ "error": "text" }`); a key is shown by its name, never by its value.
 */
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorBody, GatewayError, INTERNAL_MESSAGE } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { ChatContext, Gateway } from '../../gateway/types.ts'
import { createCompletion } from '../chat-completions/response/completion.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { checkChatRequest } from '../chat-completions/request/schema/schema.ts'
import { clientSignal } from '../http/client-disconnect.ts'
import { errorHeaders } from '../headers/error-headers.ts'
import { readMaxWait } from '../headers/max-wait.ts'
import type { LoadView } from './load-report.ts'

export interface LegacyRoutesOptions {
  gateway: Gateway
  load: LoadView
  /** Who asks, for fairness and limits. */
  clientOf?: (request: FastifyRequest) => string | undefined
  log?: Pick<FastifyBaseLogger, 'error'>
}

/** The predecessor's users name no model: any may answer. */
const ANY = 'auto'

export async function legacyRoutes(app: FastifyInstance, options: LegacyRoutesOptions): Promise<void> {
  const { gateway, load, clientOf, log = app.log } = options
  const contextOf = (request: FastifyRequest, reply: FastifyReply): ChatContext => ({
    signal: clientSignal(reply.raw),
    id: request.id,
    client: clientOf?.(request),
    isAdmin: request.isAdmin,
    maxWait: readMaxWait(request.headers['x-max-wait']),
  })
  app.setErrorHandler((error, request, reply) => {
    const told =
      error instanceof GatewayError ? error : new GatewayError('internal', INTERNAL_MESSAGE, { cause: error })
    if (told.kind === 'internal') log.error({ err: told.cause ?? told, request: request.id }, 'request failed')
    return reply
      .code(told.status)
      .headers(errorHeaders(told))
      .send({ error: errorBody(told).error['message'] })
  })

  app.post('/llm/chat', async (request, reply) => {
    const chat = readChat(request.body, false)
    const answer = await gateway.chat(chat, contextOf(request, reply))
    const completion = createCompletion(chat, { model: ANY, created: 0 })
    for await (const deltas of answer.deltas) completion.take(deltas)
    const { choices } = completion.end(answer.terminated()) as { choices: { message: Record<string, unknown> }[] }
    const message = choices[0]?.message
    // the predecessor gave the text alone, and lost tool calls: with calls the whole message is the result
    return { result: message?.['tool_calls'] === undefined ? (message?.['content'] ?? '') : message }
  })

  app.post('/llm/chat/stream', async (request, reply) => {
    const chat = readChat(request.body, true)
    const answer = await gateway.chat(chat, contextOf(request, reply))
    return streamText(chat, answer.deltas, answer.terminated, reply)
  })

  app.get('/llm/system-load', async () => ({ load_percent: await load.system() }))
  app.get('/llm/system-capacity', async () => {
    const found = load.models().map(async (name) => [name, await load.model(name)] as const)
    const models = Object.fromEntries(await Promise.all(found))
    const total = { concurrency: 0, qps: 0 }
    for (const model of Object.values(models)) if (model) total[model.type] += model.max
    return { total, models }
  })
  app.get<{ Params: { '*': string } }>('/llm/model-load/*', async (request) => {
    const name = request.params['*']
    return { model: name, ...(await known(load, name)) }
  })
  app.get<{ Params: { '*': string } }>('/llm/key-load/*', async (request) => {
    const slash = request.params['*'].lastIndexOf('/')
    const [name, key] = [request.params['*'].slice(0, slash), request.params['*'].slice(slash + 1)]
    const model = await known(load, name)
    const found = model.keys.find((each) => each.key === key)
    if (!found) throw new GatewayError('not_found', `API key ${key} not found; GET /llm/keys/${name} names them`)
    return { model: name, ...found, max: Math.floor(model.max / model.keys.length) }
  })
  app.get('/llm/models', () => ({ models: load.models() }))
  app.get<{ Params: { '*': string } }>('/llm/keys/*', async (request) => {
    const name = request.params['*']
    const { keys } = await known(load, name)
    return { model: name, keys: keys.map(({ key, weight }) => ({ key, weight })) }
  })
  app.get('/llm/health', () => ({ status: 'ok', timestamp: new Date().toISOString() }))
}

async function known(load: LoadView, name: string) {
  const model = await load.model(name)
  if (model) return model
  throw new GatewayError('not_found', `Model ${name} not found; GET /llm/models lists them`)
}

function readChat(body: unknown, stream: boolean): ChatRequest {
  if (typeof body !== 'object' || body === null || !('messages' in body)) {
    throw new GatewayError('invalid_request', "Missing required field 'messages'")
  }
  const tools = 'tools' in body && Array.isArray(body.tools) && body.tools.length > 0 ? { tools: body.tools } : {}
  const chat = { model: ANY, messages: body.messages, stream, ...tools }
  const fault = checkChatRequest(chat)
  if (fault) throw fault
  return parseChatRequest(chat)
}

/** Bare text, piece by piece, and called so: the predecessor's clients read it as it comes. */
async function streamText(
  chat: ChatRequest,
  answer: AsyncIterable<readonly Parameters<ReturnType<typeof createCompletion>['take']>[0][number][]>,
  terminated: () => boolean,
  reply: FastifyReply,
): Promise<FastifyReply> {
  reply.hijack()
  reply.raw.writeHead(200, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-cache' })
  const completion = createCompletion(chat, { model: ANY, created: 0 })
  try {
    for await (const deltas of answer) {
      completion.take(deltas)
      const text = deltas.map(textOf).join('')
      if (text !== '' && !reply.raw.write(text)) await drained(reply)
    }
    completion.end(terminated())
    reply.raw.end()
  } catch {
    // bare text has no way to tell an error: a broken connection is the only honest end
    reply.raw.destroy()
  }
  return reply
}

function textOf(delta: { text?: string; chunk?: Record<string, unknown> }): string {
  if (delta.text !== undefined) return delta.text
  const choices = delta.chunk?.['choices'] as
    | { delta?: { content?: unknown }; message?: { content?: unknown } }[]
    | undefined
  const content = choices?.[0]?.delta?.content ?? choices?.[0]?.message?.content
  return typeof content === 'string' ? content : ''
}

function drained(reply: FastifyReply): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      reply.raw.off('drain', done)
      reply.raw.off('close', done)
      resolve()
    }
    reply.raw.once('drain', done)
    reply.raw.once('close', done)
  })
}
