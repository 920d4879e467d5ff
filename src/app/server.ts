/** Fastify put together: who may call, the routes, and every error in the shape of the client's API. */
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { chatCompletions } from '../api/chat-completions/route.ts'
import type { LoadView } from '../api/legacy/load-report.ts'
import { legacyRoutes } from '../api/legacy/routes.ts'
import { registerOnRequest } from '../api/http/on-request.ts'
import { registerHealth } from '../api/routes/health.ts'
import { registerBodyBudget } from '../api/http/body-budget.ts'
import { createRequestIds } from '../api/http/request-id.ts'
import { registerJsonBody } from '../api/http/json-body.ts'
import { generateContent } from '../api/generate-content/route.ts'
import { messages } from '../api/messages/route.ts'
import { ollama } from '../api/ollama/route.ts'
import { completions } from '../api/completions/route.ts'
import { embeddings } from '../api/embeddings/route.ts'
import { relays } from '../api/relays/route.ts'
import { models, type PublicModel } from '../api/routes/models.ts'
import { registerMetrics, type MetricsPage } from '../api/routes/metrics.ts'
import { createOverload } from '../api/http/overload.ts'
import type { Running } from '../api/http/running-requests.ts'
import { createPassHeaders } from '../api/headers/passed-headers.ts'
import { registerAdministration } from '../api/routes/administration.ts'
import { registerRecords, type RecordReader } from '../api/routes/records.ts'
import { registerConsole, type ConsoleParts } from '../api/console/console.ts'
import { registerReload } from '../api/routes/reload.ts'
import { registerScheduler } from '../api/routes/scheduler.ts'
import { servedUrl } from '../api/http/request-url.ts'
import { unknownUrl } from '../api/http/unknown-url.ts'
import { answerSocketError } from '../api/http/socket-error.ts'
import { redacted } from '../api/headers/answer-headers.ts'
import type { ClientDirectory } from '../api/access/client-directory.ts'
import { createKeyCheck } from '../api/access/client-key.ts'
import { createCors } from '../api/access/cors.ts'
import { createHostCheck } from '../api/access/served-hosts.ts'
import { errorHeaders } from '../api/headers/error-headers.ts'
import type { InboundOptions } from '../api/inbound/inbound-api.ts'
import { errorShapeOf } from '../api/inbound/error-shapes.ts'
import { GatewayError, INTERNAL_MESSAGE } from '../chat/error.ts'
import type { ServerConfig } from '../config/config.ts'
import type { AccessOf } from './client-access.ts'
import { nearestModel, type ModelNames } from './model-names.ts'
import { responses } from '../api/responses/route.ts'
import type { ResponseStore } from '../api/responses/kept-response.ts'
import type { Gateway } from '../gateway/types.ts'
import type { Administration } from '../runtime/administration.ts'
import type { Reloads } from '../runtime/reloads.ts'
import { registerPage } from '../ui/register-page.ts'
import type { Log } from '../observability/log.ts'
import type { Redact } from '../observability/redact.ts'
import type { Scheduler } from '../scheduler/types.ts'

export interface ServerParts extends Pick<ConsoleParts, 'convert' | 'configFile' | 'plan'> {
  config: ServerConfig
  gateway: Gateway
  scheduler: Scheduler
  models: readonly PublicModel[]
  names: ModelNames
  /** The log of requests; absent where none is kept. */
  records: RecordReader | undefined
  /** Whose key a key is. */
  directory: ClientDirectory
  accessOf: AccessOf
  metrics: MetricsPage
  /** Absent where the configuration is never read anew. */
  reloads: Reloads | undefined
  administration: Administration
  /** For the predecessor's API. */
  load: LoadView
  /** What is kept of responses; opened when it is needed first. */
  responses: () => ResponseStore
  /** What runs now, for a stop that lets it end. */
  running: Running
  log: Log
  redact: Redact
}

function noCompiler(): never {
  throw new Error('a route with a schema brings its own validatorCompiler')
}

/** Milliseconds that a request's head may take, as Node has it. */
const HEAD = 60_000

/** Milliseconds between two looks at what clients are still sending. */
export const CHECKED = 500

export function buildServer(parts: ServerParts): FastifyInstance {
  const { config, running, redact } = parts
  const app: FastifyInstance = Fastify({
    // each request would get a logger of its own; whatever is told of one is told with its id
    logger: false,
    bodyLimit: config.max_body,
    // ours is the header that tells a request's id
    requestIdHeader: false,
    genReqId: createRequestIds(),
    rewriteUrl: ({ url = '/' }) => servedUrl(url),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
    forceCloseConnections: 'idle',
    // Node looks for what took too long every half minute, unless it is told otherwise
    http: { maxHeaderSize: config.bounds.headers, connectionsCheckingInterval: CHECKED },
    requestTimeout: config.receive,
    clientErrorHandler: answerSocketError,
    // what is refused before there is a route: a path that is no text
    frameworkErrors: (error, request, reply) => void sendError(asClientError(error), request, reply, parts),
    // what checks a body comes with its route; those of Fastify would be loaded to check and write nothing
    schemaController: { compilersFactory: { buildValidator: noCompiler, buildSerializer: noCompiler } },
  })
  app.setErrorHandler((error: FastifyError, request, reply) => sendError(asClientError(error), request, reply, parts))
  app.setNotFoundHandler((request, reply) => {
    const { error, allow } = unknownUrl(request.method, request.originalUrl)
    if (allow !== undefined) void reply.header('allow', allow)
    return sendError(error, request, reply, parts)
  })
  // the smaller of the two is taken for that of the head
  if (config.receive > 0) app.server.headersTimeout = Math.min(HEAD, config.receive)
  const overload = createOverload(config.overload)
  app.server.maxConnections = config.bounds.connections
  app.addHook('onClose', () => overload.close())
  registerOnRequest(app, {
    check: createKeyCheck(parts.directory, new Set(config.admin_keys)),
    checkHost: createHostCheck({
      hosts: config.hosts,
      listening: config.host,
      hasKeys: parts.directory.hasKeys(),
    }),
    cors: createCors(config.cors, config.forward.response),
    running,
    overload,
  })
  registerBodyBudget(app, config.bounds.bodies)
  registerJsonBody(app, config.bounds)
  /** Those that the client may use. */
  const modelsFor = (request?: FastifyRequest): readonly PublicModel[] => {
    const access = parts.accessOf(request?.client)
    return access ? parts.models.filter(({ id }) => access.mayUse(id, id)) : parts.models
  }
  void app.register(async (pages) => {
    // a hook costs each answer: those of models have no secrets of ours, and their errors go through `sendError`
    pages.addHook('onSend', (request, reply, payload, done) => {
      reply.header('x-request-id', request.id)
      done(null, typeof payload === 'string' ? redact(payload) : payload)
    })
    registerHealth(pages, { scheduler: parts.scheduler, running, overload, reloads: parts.reloads })
    if (parts.reloads) registerReload(pages, parts.reloads)
    void pages.register(models, { models: modelsFor, names: parts.names, suggest: nearest })
    registerMetrics(pages, parts.metrics)
    registerRecords(pages, parts.records)
    registerAdministration(pages, parts.administration)
    registerScheduler(pages, parts.scheduler)
    if (config.ui !== false) {
      registerConsole(pages, parts)
      registerPage(pages)
    }
    void pages.register(legacyRoutes, { gateway: parts.gateway, load: parts.load, clientOf, log: parts.log })
  })
  const inbound: InboundOptions = {
    log: parts.log,
    gateway: parts.gateway,
    heartbeat: config.heartbeat,
    alwaysUsage: config.usage_in_streams === 'always',
    clientIdle: config.client_idle,
    clientOf,
    passHeaders: createPassHeaders(config.forward.request),
    redact,
    told: config.headers,
  }
  void app.register(chatCompletions, inbound)
  void app.register(completions, inbound)
  void app.register(embeddings, inbound)
  void app.register(relays, inbound)
  void app.register(messages, inbound)
  const named = { ...inbound, models: modelsFor, names: parts.names, suggest: nearest }
  void app.register(generateContent, named)
  if (config.ollama) void app.register(ollama, named)
  void app.register(responses, { ...inbound, responses: parts.responses })
  return app
}

/** Named by the request hook. */
function clientOf(request: FastifyRequest): string | undefined {
  return request.client
}

function nearest(id: string, known: readonly string[]): string[] {
  const near = nearestModel(id, known)
  return near === undefined ? [] : [near]
}

/** What Fastify itself refuses, told as OpenAI would. */
function asClientError(error: FastifyError | GatewayError): GatewayError {
  if (error instanceof GatewayError) return error
  const status = error.statusCode ?? 500
  if (error.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new GatewayError('too_large', 'The request body is larger than this server takes (server.max_body).', {
      cause: error,
    })
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new GatewayError('invalid_request', 'The request body must be JSON: send content-type: application/json.', {
      status: 415,
      cause: error,
    })
  }
  if (error.code === 'FST_ERR_BAD_URL') {
    const message = 'The path of the request holds a percent sign that is not valid UTF-8: write it as %25.'
    return new GatewayError('invalid_request', message, { code: 'invalid_url', cause: error })
  }
  if (status < 500) {
    const message = `We could not parse the JSON body of your request: ${error.message}`
    return new GatewayError('invalid_request', message, { status, cause: error })
  }
  return new GatewayError('internal', INTERNAL_MESSAGE, { cause: error })
}

function sendError(
  error: GatewayError,
  request: FastifyRequest,
  reply: FastifyReply,
  { log, redact, config }: Pick<ServerParts, 'log' | 'redact' | 'config'>,
): FastifyReply {
  if (error.kind === 'internal') log.error({ err: error.cause ?? error, request: request.id }, 'request failed')
  const shape = errorShapeOf(request)
  const { status, body } = shape.body(error, request.id)
  if (shape.idHeader !== undefined) void reply.header(shape.idHeader, request.id)
  return reply
    .code(status)
    .headers({ 'x-request-id': request.id, ...redacted(errorHeaders(error, config.headers), redact) })
    .type('application/json; charset=utf-8')
    .send(redact(JSON.stringify(body)))
}
