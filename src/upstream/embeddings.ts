/** Embeddings of one vendor, as its definition says under `embeddings`: texts go out, vectors come back in their order. */
import type { Delta } from '../chat/delta.ts'
import { GatewayError } from '../chat/error.ts'
import { compileCases, onlyKeys } from '../definition/cases.ts'
import { DefinitionError } from '../definition/error.ts'
import { asText } from '../definition/hole.ts'
import { ANYTHING, isMap, Scope } from '../definition/scope.ts'
import { templateContext } from '../definition/template.ts'
import { parseJson } from '../runtime/json/json.ts'
import type { FormatDefinition } from './format/format-definition.ts'
import { fillFrame, REQUEST_SHAPES } from './request/fields.ts'
import { compileHeaders, fillHeaders } from './request/header-templates.ts'
import { compilePath } from './request/request-parts.ts'
import { TEMPLATE_FUNCTIONS } from './template-functions/index.ts'
import type { EmbeddingsWire } from './types.ts'

/** A vector as its numbers, or as base64 of 32-bit floats. */
type Vector = readonly number[] | string

const KEYS = new Set(['path', 'most', 'tokens', 'body', 'answer'])
const OWN = ['input', 'dimensions', 'encoding_format']
const FIRST_OWN = Object.keys(REQUEST_SHAPES).length

export function compileEmbeddings(name: string, definition: FormatDefinition): EmbeddingsWire | undefined {
  const node = definition.embeddings
  if (node === undefined || node === null) return undefined
  if (!isMap(node)) throw new DefinitionError('embeddings is { path, most, tokens, body, answer }', ['embeddings'])
  onlyKeys(node, KEYS, ['embeddings'])
  if (!isMap(node['answer'])) throw new DefinitionError('embeddings needs answer: { when, then }', ['embeddings'])
  const scope = Scope.of({ ...REQUEST_SHAPES, ...Object.fromEntries(OWN.map((field) => [field, ANYTHING])) })
  const context = templateContext(scope, TEMPLATE_FUNCTIONS)
  const path = compilePath(node['path'], context, ['embeddings', 'path'])
  const most = context.compile(node['most'], context, ['embeddings', 'most'])
  const body = context.compile(node['body'], context, ['embeddings', 'body'])
  const takesDimensions = scope.used.has('dimensions')
  const headers = compileHeaders(definition.request?.headers ?? {}, context, ['request', 'headers'])
  const frame = scope.frame()
  const readScope = Scope.of({})
  const answers = compileCases(
    node['answer'],
    templateContext(readScope, TEMPLATE_FUNCTIONS),
    ['embeddings', 'answer'],
    new Set(['when', 'then', 'cases']),
  )
  const readFrame = readScope.frame()

  return {
    encode(request, target) {
      const { input, dimensions, encoding_format } = request.embeddings
      if (node['tokens'] !== true && input.some((each) => typeof each !== 'string'))
        throw new GatewayError('unsupported', `${name} embeds texts, no lists of tokens`, { param: 'input' })
      if (dimensions !== undefined && !takesDimensions)
        throw new GatewayError('unsupported', `${name} cannot choose dimensions`, { param: 'dimensions' })
      fillFrame(frame, request, target, {})
      const size = most(frame)
      frame[FIRST_OWN] = input.slice(0, typeof size === 'number' ? size : input.length)
      frame[FIRST_OWN + 1] = dimensions
      frame[FIRST_OWN + 2] = encoding_format
      const sent = fillHeaders(headers, frame, target, 'application/json')
      const url = target.base_url + asText(path(frame))
      const json = JSON.stringify(body(frame) ?? {})
      return { request: { method: 'POST', url, headers: sent, body: json }, warnings: [] }
    },
    decode({ headers: said, status }, text) {
      const value = { headers: said, body: parseJson(text) }
      const found = answers.choose(value, readFrame)?.(readFrame)
      const vectors = isMap(found) ? vectorsOf(found['vectors']) : []
      if (vectors.length === 0)
        throw new GatewayError('bad_answer', `${name} answered ${status} without embeddings; check base_url and model`)
      const tokens = Number(isMap(found) ? (found['tokens'] ?? Number.NaN) : Number.NaN)
      const delta: Delta = { other: { vectors }, finish_reason: 'stop' }
      if (Number.isFinite(tokens) && tokens >= 0) delta.usage = { prompt_tokens: tokens, completion_tokens: 0 }
      return [delta]
    },
  }
}

/** Of a list of vectors, or of `{ vector, index? }`, which are put into their order. */
function vectorsOf(list: unknown): Vector[] {
  if (!Array.isArray(list)) return []
  const items = list.map((item: unknown, at) => {
    const index = isMap(item) ? item['index'] : undefined
    return { vector: isMap(item) ? item['vector'] : item, index: typeof index === 'number' ? index : at }
  })
  return items.toSorted((a, b) => a.index - b.index).flatMap(({ vector }) => (isVector(vector) ? [vector] : []))
}

function isVector(value: unknown): value is Vector {
  return typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'number'))
}
