/** A vendor's own list of its models, as its definition says under `model_list`: how it is asked for, and how it is read. */
import type { ChatRequest } from '../chat/request.ts'
import { compileCases, onlyKeys } from '../definition/cases.ts'
import { DefinitionError } from '../definition/error.ts'
import { asText } from '../definition/hole.ts'
import { isMap, Scope } from '../definition/scope.ts'
import { templateContext } from '../definition/template.ts'
import type { FormatDefinition } from './format/format-definition.ts'
import { fillFrame, REQUEST_SHAPES } from './request/fields.ts'
import { compileHeaders, fillHeaders } from './request/header-templates.ts'
import { compilePath } from './request/request-parts.ts'
import { TEMPLATE_FUNCTIONS } from './template-functions/index.ts'
import type { ListedModel, ModelListWire } from './types.ts'

const KEYS = new Set(['path', 'answer'])
const ANSWER_KEYS = new Set(['when', 'then', 'cases'])

/** A list is asked for by no request of a client. */
const NO_REQUEST: ChatRequest = {
  model: '',
  messages: [],
  options: {},
  extra: {},
  stream: false,
  include_usage: false,
  legacy_functions: false,
  body: {},
}

export function compileModelList(definition: FormatDefinition): ModelListWire | undefined {
  const node = definition.model_list
  // a format that extends this one and has none says `path: ~`
  if (!isMap(node) || (node['path'] ?? null) === null) return undefined
  onlyKeys(node, KEYS, ['model_list'])
  if (!isMap(node['answer'])) throw new DefinitionError('model_list needs answer: { when, then }', ['model_list'])
  const scope = Scope.of(REQUEST_SHAPES)
  const context = templateContext(scope, TEMPLATE_FUNCTIONS)
  const path = compilePath(node['path'], context, ['model_list', 'path'])
  const headers = compileHeaders(definition.request?.headers ?? {}, context, ['request', 'headers'])
  const frame = scope.frame()
  const readScope = Scope.of({})
  const reading = templateContext(readScope, TEMPLATE_FUNCTIONS)
  const answers = compileCases(node['answer'], reading, ['model_list', 'answer'], ANSWER_KEYS)
  const readFrame = readScope.frame()
  return {
    encode(target, page) {
      fillFrame(frame, NO_REQUEST, target, {})
      const { 'content-type': _, ...sent } = fillHeaders(headers, frame, target, 'application/json')
      return { method: 'GET', url: target.base_url + (page ?? asText(path(frame))), headers: sent, body: '' }
    },
    decode(body) {
      const found = answers.choose({ body }, readFrame)?.(readFrame)
      if (!isMap(found) || !Array.isArray(found['models'])) return undefined
      const { models, next } = found
      // a page is of the same server, whatever it says
      const isPage = typeof next === 'string' && next.startsWith('/')
      return { models: (models as unknown[]).flatMap((each) => listed(each) ?? []), ...(isPage && { next }) }
    },
  }
}

const COUNTS = ['context', 'max_output'] as const
const FLAGS = ['tools', 'vision', 'json_schema'] as const
const WORDS = ['lifecycle', 'retires'] as const

function listed(value: unknown): ListedModel | undefined {
  if (!isMap(value) || typeof value['id'] !== 'string') return undefined
  const model: ListedModel = { id: value['id'] }
  for (const name of COUNTS) {
    const count = value[name]
    if (typeof count === 'number' && Number.isFinite(count) && count > 0) model[name] = count
  }
  for (const name of FLAGS) {
    const flag = value[name]
    if (typeof flag === 'boolean') model[name] = flag
  }
  for (const name of WORDS) {
    const word = value[name]
    if (typeof word === 'string') model[name] = word
  }
  if (isMap(value['traits']) && Object.keys(value['traits']).length > 0) model.traits = value['traits']
  return model
}
