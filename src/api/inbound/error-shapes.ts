/** Which API a request is one of, so that whatever goes wrong with it is told as that API tells it. */
import type { FastifyRequest } from 'fastify'
import { errorBody } from '../../chat/error.ts'
import { generateContentErrors } from '../generate-content/errors.ts'
import { messagesErrors } from '../messages/errors.ts'
import { ollamaErrors } from '../ollama/errors.ts'
import type { ErrorShape } from './inbound-api.ts'

/** Chat completions, and every API that has OpenAI's own errors. */
export const openaiErrors: ErrorShape = {
  owns: () => true,
  body: (error) => ({ status: error.status, body: errorBody(error) }),
}

/** The first that owns a request tells its faults. */
const SHAPES: readonly ErrorShape[] = [generateContentErrors, messagesErrors, ollamaErrors, openaiErrors]

export function errorShapeOf({ url, headers }: Pick<FastifyRequest, 'url' | 'headers'>): ErrorShape {
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  return SHAPES.find((shape) => shape.owns(path, headers)) ?? openaiErrors
}
