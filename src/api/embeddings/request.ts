/** An embeddings request, checked: https://platform.openai.com/docs/api-reference/embeddings/create */
import type { ChatRequest, EmbeddingInput, EmbeddingsRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { isRecord } from '../chat-completions/json-value.ts'

/** Inputs of one request: OpenAI takes 2,048, and batches are put together here. */
const MOST_INPUTS = 16_384

const KNOWN = new Set(['model', 'input', 'dimensions', 'encoding_format', 'user', 'extra_body'])

export interface EmbeddingsCall {
  chat: ChatRequest
  embeddings: EmbeddingsRequest
}

/** Throws a GatewayError with the `param` at fault. */
export function readEmbeddings(body: unknown): EmbeddingsCall {
  if (!isRecord(body)) throw invalid('The body is a JSON object.', null)
  const { model, dimensions, encoding_format: format, user } = body
  if (typeof model !== 'string' || model === '') throw invalid('you must provide a model parameter', 'model')
  if (model === 'auto')
    throw invalid("'auto' could be any model, and vectors of two models do not compare: name one.", 'model')
  if (dimensions !== undefined && dimensions !== null && !(Number.isInteger(dimensions) && Number(dimensions) > 0))
    throw invalid("'dimensions' is a whole number above 0.", 'dimensions')
  if (format !== undefined && format !== null && format !== 'float' && format !== 'base64')
    throw invalid("'encoding_format' is 'float' or 'base64'.", 'encoding_format')
  const embeddings: EmbeddingsRequest = {
    input: readInput(body['input']),
    dimensions: typeof dimensions === 'number' ? dimensions : undefined,
    encoding_format: format === 'base64' ? 'base64' : 'float',
  }
  const chat = parseChatRequest({ model, messages: [], user })
  chat.extra = {
    ...(isRecord(body['extra_body']) ? body['extra_body'] : {}),
    ...Object.fromEntries(Object.entries(body).filter(([key, value]) => !KNOWN.has(key) && value !== null)),
  }
  return { chat, embeddings }
}

/** A text, texts, tokens, or lists of tokens. */
function readInput(input: unknown): EmbeddingInput[] {
  const list = Array.isArray(input) && !(input.length > 0 && input.every(isToken)) ? (input as unknown[]) : [input]
  if (list.length === 0 || list.length > MOST_INPUTS)
    throw invalid(`'input' holds 1 to ${MOST_INPUTS} texts; this one has ${list.length}.`, 'input')
  list.forEach((item, i) => {
    const isText = typeof item === 'string' && item !== ''
    if (isText || (Array.isArray(item) && item.length > 0 && item.every(isToken))) return
    const at = Array.isArray(input) ? `'input[${i}]'` : "'input'"
    throw invalid(`${at} is a text that is not empty, or a list of tokens.`, 'input')
  })
  return list as EmbeddingInput[]
}

function isToken(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0
}

function invalid(message: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', message, param === null ? {} : { param })
}
