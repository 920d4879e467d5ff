/** :embedContent and :batchEmbedContents, over every wire that gives vectors. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ChatRequest, EmbeddingsRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import { parseChatRequest } from '../chat-completions/request/parse.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'
import { embedAll } from '../embeddings/embed.ts'
import { inFormat, type Vector } from '../embeddings/vector.ts'
import type { Answer } from '../../gateway/types.ts'
import { costHeaders, costsOf, createAnswerHeaders } from '../headers/answer-headers.ts'
import { contextOf } from '../inbound/answer-call.ts'
import type { InboundOptions } from '../inbound/inbound-api.ts'
import { camelKeys } from './request/camel-keys.ts'

/** The vendor's own bound of a batch is 100; batches are put together here. */
const MOST_REQUESTS = 16_384

/** Texts that are asked for alike, and their places in the batch. */
interface Alike {
  chat: ChatRequest
  embeddings: EmbeddingsRequest & { input: string[] }
  places: number[]
}

export type EmbedContent = (
  model: string,
  isBatch: boolean,
  request: FastifyRequest,
  reply: FastifyReply,
) => Promise<FastifyReply>

/** Throws a GatewayError that names the field at fault. */
export function createEmbedContent(options: InboundOptions): EmbedContent {
  const { gateway, clientOf, passHeaders, redact = (text: string) => text } = options
  const headersOf = createAnswerHeaders(redact, options.told)
  return async (model, isBatch, request, reply) => {
    const context = contextOf(request, reply, clientOf, passHeaders)
    const vectors: Vector[] = []
    const answers: Answer[] = []
    let promptTokenCount = 0
    for (const { chat, embeddings, places } of readAll(model, isBatch, request.body)) {
      const batches = await embedAll(chat, embeddings, { ...context }, gateway)
      for (const [at, vector] of batches.flatMap((batch) => batch.vectors).entries()) vectors[places[at] ?? 0] = vector
      for (const batch of batches) promptTokenCount += batch.tokens
      answers.push(...batches.map(({ answer }) => answer))
    }
    const told = vectors.map((vector) => ({ values: inFormat(vector, 'float') }))
    const body = isBatch ? { embeddings: told } : { embedding: told[0] }
    return reply
      .headers({
        'x-request-id': request.id,
        ...(answers[0] && headersOf(answers[0])),
        ...costHeaders(costsOf(answers), options.told),
      })
      .type('application/json; charset=utf-8')
      .send(JSON.stringify({ ...body, usageMetadata: { promptTokenCount } }))
  }
}

/** Requests of a batch may differ in what they are for: those that do not go upstream together. */
function readAll(model: string, isBatch: boolean, body: unknown): Alike[] {
  if (!isRecord(body)) throw invalid('The body is a JSON object.', null)
  const requests = isBatch ? body['requests'] : [body]
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > MOST_REQUESTS)
    throw invalid(`requests is a list of 1 to ${MOST_REQUESTS}.`, 'requests')
  const alike = new Map<string, Alike>()
  for (const [at, request] of requests.entries()) {
    const path = isBatch ? `requests[${at}].` : ''
    if (!isRecord(request)) throw invalid(`requests[${at}] is an object.`, `requests[${at}]`)
    const given = camelKeys(request)
    const config = { ...(isRecord(given['embedContentConfig']) && camelKeys(given['embedContentConfig'])), ...given }
    const text = textOf(config['content'], `${path}content`)
    const dimensions = config['outputDimensionality'] ?? undefined
    if (dimensions !== undefined && !(Number.isInteger(dimensions) && Number(dimensions) > 0))
      throw invalid(`${path}outputDimensionality is a whole number above 0.`, `${path}outputDimensionality`)
    const extra: Record<string, unknown> = { task_type: filled(config['taskType']), title: filled(config['title']) }
    const key = JSON.stringify([dimensions, extra])
    const known = alike.get(key)
    if (known) {
      known.embeddings.input.push(text)
      known.places.push(at)
      continue
    }
    const chat = parseChatRequest({ model, messages: [] })
    chat.extra = Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== undefined))
    const embeddings = {
      input: [text],
      dimensions: dimensions as number | undefined,
      encoding_format: 'float' as const,
    }
    alike.set(key, { chat, embeddings, places: [at] })
  }
  return [...alike.values()]
}

/** A text, a part, a list of them, or a content. */
function textOf(content: unknown, path: string): string {
  const parts = isRecord(content) ? (content['parts'] ?? content) : content
  const texts = [parts].flat().map((part: unknown) => {
    if (typeof part === 'string') return part
    if (isRecord(part) && typeof part['text'] === 'string') return part['text']
    throw invalid(`${path} has a part that is no text, which this server cannot embed.`, path)
  })
  const text = texts.join('\n')
  if (text === '') throw invalid(`${path} is a text that is not empty.`, path)
  return text
}

function invalid(message: string, param: string | null): GatewayError {
  return new GatewayError('invalid_request', message, param === null ? {} : { param })
}
