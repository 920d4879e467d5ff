/** GET /v1/models and /v1/models/{id}: the public models, in the shape of the API that the request's headers are of. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { GatewayError } from '../../chat/error.ts'
import type { Capabilities } from '../../scheduler/types.ts'
import { asksGenerateContent, generateContentModel, generateContentModels } from '../generate-content/models.ts'
import { asksMessages, messagesModel, messagesModels } from '../messages/models.ts'

export interface PublicModel {
  id: string
  /** Who serves it: the providers' names, or the project's own. */
  owned_by: string
  /** Seconds since the epoch; the server's start where nobody knows. */
  created?: number
  /** An answer when absent. */
  gives?: 'vectors'
  /** What one of its routes at least can, as far as the configuration says. */
  capabilities?: Capabilities
}

export interface ModelsOptions {
  /** Those that the client of a request may use; all without one. */
  models: (request?: FastifyRequest) => readonly PublicModel[]
  /** What a name means, and whether it is served though nobody lists it; absent: those listed, as they are. */
  names?: { meant(name: string): string; isTaken(name: string): boolean }
  /** Known names that are near to an unknown one, best first. */
  suggest: (id: string, known: readonly string[]) => readonly string[]
  /** Milliseconds since the epoch. */
  now?: () => number
}

export async function models(app: FastifyInstance, options: ModelsOptions): Promise<void> {
  const started = Math.floor((options.now ?? Date.now)() / 1000)
  const wire = ({ id, owned_by, created }: PublicModel) => ({
    id,
    object: 'model',
    created: created ?? started,
    owned_by,
  })

  app.get('/v1/models', (request) => {
    const { headers, query } = request
    const all = options.models(request)
    if (asksMessages(headers)) return messagesModels(all, started, query)
    return asksGenerateContent(headers) ? generateContentModels(all, query) : { object: 'list', data: all.map(wire) }
  })

  // A wildcard, because the names of many models have slashes.
  app.get<{ Params: { '*': string } }>('/v1/models/*', (request) => {
    const model = findModel(request.params['*'], options.models(request), options)
    if (asksMessages(request.headers)) return messagesModel(model, started)
    return asksGenerateContent(request.headers) ? generateContentModel(model) : wire(model)
  })
}

/** Throws a GatewayError for a name that nobody serves. */
export function findModel(id: string, known: readonly PublicModel[], { names, suggest }: ModelsOptions): PublicModel {
  const found = known.find((model) => model.id === id)
  if (found !== undefined) return found
  const meant = names?.meant(id) ?? id
  // under the name that was asked for: clients compare
  if (names?.isTaken(meant)) {
    const listed = known.find((model) => model.id === meant)
    return { owned_by: meant.split('/', 1)[0] ?? '', ...listed, id }
  }
  throw modelNotFound(
    id,
    suggest(
      id,
      known.map((model) => model.id),
    ),
  )
}

/** The error for a name that no model has. @param near names that may have been meant */
export function modelNotFound(id: string, near: readonly string[]): GatewayError {
  const hint =
    near.length === 0
      ? 'GET /v1/models lists those that do.'
      : `Did you mean ${near.map((name) => `'${name}'`).join(' or ')}?`
  return new GatewayError('unknown_model', `The model '${id.slice(0, 200)}' does not exist. ${hint}`, {
    param: 'model',
  })
}
