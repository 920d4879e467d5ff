/** The sandbox's vectors: made of a text's words, so that texts that share words point the same way. */
import { BadRequest } from '../error.ts'

const DIMENSIONS = 256
const MOST_DIMENSIONS = 4096

/** Throws a BadRequest for what is no embeddings request. */
export function embeddingsAnswer(body: Record<string, unknown>): Record<string, unknown> {
  const { model, input, dimensions = DIMENSIONS } = body
  if (typeof model !== 'string') throw new BadRequest('model', 'model is a text.')
  const size = Number(dimensions)
  if (!Number.isInteger(size) || size < 1 || size > MOST_DIMENSIONS)
    throw new BadRequest('dimensions', `dimensions is 1 to ${MOST_DIMENSIONS}.`)
  const list: unknown[] = Array.isArray(input) && typeof input[0] !== 'number' ? input : [input]
  const words = list.map((each) =>
    typeof each === 'string' ? each.toLowerCase().split(/\W+/) : [each].flat().map(String),
  )
  const tokens = words.reduce((sum, each) => sum + each.length, 0)
  const data = words.map((each, index) => {
    const vector = vectorOf(each, size)
    return { object: 'embedding', index, embedding: body['encoding_format'] === 'base64' ? base64(vector) : vector }
  })
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

/** Each word adds one direction; the sum has length 1. */
function vectorOf(words: readonly string[], size: number): number[] {
  const vector = new Float32Array(size)
  for (const word of words) {
    let hash = 2166136261
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 16777619)
    const at = (hash >>> 1) % size
    vector[at] = (vector[at] ?? 0) + (hash & 1 ? 1 : -1)
  }
  const length = Math.hypot(...vector) || 1
  return Array.from(vector, (each) => each / length)
}

function base64(vector: readonly number[]): string {
  return Buffer.from(Float32Array.from(vector).buffer).toString('base64')
}
