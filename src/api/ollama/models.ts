/** Models as Ollama lists and describes them: what nobody knows of them here (size, family, quantisation) is left empty. */
import type { FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { findModel, type ModelsOptions, type PublicModel } from '../routes/models.ts'

/**
 * The version whose API this is: clients ask for it, and refuse one that is older than what they need (VS Code 0.6.4).
 * https://github.com/ollama/ollama/releases/tag/v0.17.4
 */
export const API_VERSION = '0.17.4'

/** Tokens, of a model of which nobody knows: editors take a model without a number for one of 4,096, and cut what they send. */
const ASSUMED_CONTEXT = 131_072

const ARCHITECTURE = 'balanced-call'

const DETAILS = {
  parent_model: '',
  format: '',
  family: ARCHITECTURE,
  families: [ARCHITECTURE],
  parameter_size: '',
  quantization_level: '',
}

/** @param started milliseconds since the epoch, for models of which nobody knows */
export function listedModel({ id, created }: PublicModel, started: number): Record<string, unknown> {
  return {
    name: id,
    model: id,
    modified_at: new Date(created === undefined ? started : created * 1000).toISOString(),
    size: 0,
    digest: createHash('sha256').update(id).digest('hex'),
    details: DETAILS,
  }
}

/** By what the configuration says of it; what it does not deny is taken for possible. */
export function shownModel(model: PublicModel, started: number): Record<string, unknown> {
  const { tools, vision, context = ASSUMED_CONTEXT } = model.capabilities ?? {}
  const chats = ['completion', ...(tools === false ? [] : ['tools']), ...(vision === false ? [] : ['vision'])]
  const capabilities = model.gives === 'vectors' ? ['embedding'] : chats
  const { modified_at, details } = listedModel(model, started)
  return {
    license: '',
    modelfile: '',
    parameters: '',
    template: '',
    details,
    model_info: {
      'general.architecture': ARCHITECTURE,
      'general.basename': model.id,
      [`${ARCHITECTURE}.context_length`]: context,
    },
    capabilities,
    modified_at,
  }
}

const TAG = ':latest'

/** Clients put a tag behind a name that has none. */
export function untagged(name: string, options: ModelsOptions): string {
  if (!name.endsWith(TAG)) return name
  const bare = name.slice(0, -TAG.length)
  return isServed(name, options) || !isServed(bare, options) ? name : bare
}

function isServed(name: string, { models, names }: ModelsOptions): boolean {
  return models().some(({ id }) => id === name) || names?.isTaken(names.meant(name)) === true
}

/** Throws a GatewayError for a name that nobody serves. */
export function namedModel(name: string, options: ModelsOptions, request: FastifyRequest): PublicModel {
  return findModel(untagged(name, options), options.models(request), options)
}
