/**
 * An upstream that speaks the client's own API: the body goes as it came, and the answer comes back as it came. The
 * definition says which API that is, and what of the request is its own: path, model, headers.
 */
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest, NativeRequest } from '../chat/request.ts'
import type { Template, TemplateContext } from '../definition/context.ts'
import { DefinitionError } from '../definition/error.ts'
import { asText } from '../definition/hole.ts'
import { ANYTHING, isMap, Scope } from '../definition/scope.ts'
import { templateContext } from '../definition/template.ts'
import { onlyKeys } from '../definition/cases.ts'
import type { FramedEvent, NativeWire, StreamDecoder } from './types.ts'
import type { FormatDefinition } from './format/format-definition.ts'
import { fillFrame, REQUEST_SHAPES } from './request/fields.ts'
import { TEMPLATE_FUNCTIONS } from './template-functions/index.ts'
import { compileHeaders, fillHeaders } from './request/header-templates.ts'
import { compilePath } from './request/request-parts.ts'
import { globTest } from '../runtime/glob.ts'
import { parseJson } from '../runtime/json/json.ts'
import { SHORTEST_SPLICE, spliceBody } from './request/body-splice.ts'
import { jsonOf } from './request/json-of.ts'

const KEYS = new Set(['api', 'models', 'path', 'headers', 'body', 'operations'])
const FIRST_OWN = Object.keys(REQUEST_SHAPES).length

/** Nobody watches its branches: cases of a format are requests of the normal form. */
export function compileNative(definition: FormatDefinition): NativeWire | undefined {
  const node = definition.native
  if (node === undefined || node === null) return undefined
  if (!isMap(node)) throw new DefinitionError('native is { api, models, path, headers, body }', ['native'])
  onlyKeys(node, KEYS, ['native'])
  const { api } = node
  // a format that extends this one and has none of it says `api: ~`
  if (api === undefined) return undefined
  if (typeof api !== 'string') throw new DefinitionError('native needs api: the name of a client API', ['native'])
  const scope = Scope.of({ ...REQUEST_SHAPES, native: ANYTHING, headers: ANYTHING })
  const context = templateContext(scope, TEMPLATE_FUNCTIONS)
  const ownPath = node.path ?? undefined
  const path = compilePath(ownPath ?? definition.request?.path, context, ownPath === undefined ? REQUEST : NATIVE)
  const headers = compileHeaders({ ...definition.request?.headers, ...node.headers }, context, ['native', 'headers'])
  const body = context.compile(node.body ?? { '<<': '$native' }, context, ['native', 'body'])
  const operations = compileOperations(node.operations, body, context)
  const method = definition.request?.method ?? 'POST'
  const frame = scope.frame()
  return {
    api,
    fits: compileModels(node.models),
    operations: new Set(operations.keys()),
    encode(request, target) {
      const { native } = request
      fillFrame(frame, request, target, NO_TRAITS)
      frame[FIRST_OWN] = native.body
      frame[FIRST_OWN + 1] = native.headers
      const sent = fillHeaders(headers, frame, target, 'application/json')
      const operation = native.operation === undefined ? undefined : operations.get(native.operation)
      const url = target.base_url + asText((operation?.path ?? path)(frame))
      const json = written((operation?.body ?? body)(frame), native)
      return { request: { method, url, headers: sent, body: json }, warnings: [] }
    },
  }
}

/** Absent, all of the vendor's models speak this wire. */
function compileModels(node: unknown): NativeWire['fits'] {
  if (node === undefined || node === null) return () => true
  if (!Array.isArray(node)) throw new DefinitionError('models is a list of globs', ['native', 'models'])
  const tests = node.map((glob) => globTest(String(glob)))
  return (model) => tests.some((fits) => fits(model))
}

const REQUEST = ['request', 'path']
const NATIVE = ['native', 'path']
const NO_TRAITS = {}

interface Operation {
  path: Template
  body: Template
}

function compileOperations(node: unknown, body: Template, context: TemplateContext): Map<string, Operation> {
  const operations = new Map<string, Operation>()
  for (const [name, each] of Object.entries(isMap(node) ? node : {})) {
    if (each === null) continue
    const at = ['native', 'operations', name]
    if (!isMap(each)) throw new DefinitionError('an operation is { path, body }', at)
    onlyKeys(each, OPERATION_KEYS, at)
    const own = each['body'] === undefined ? body : context.compile(each['body'], context, [...at, 'body'])
    operations.set(name, { path: compilePath(each['path'], context, [...at, 'path']), body: own })
  }
  return operations
}

const OPERATION_KEYS = new Set(['path', 'body'])

function written(body: unknown, { body: source, bytes }: NativeRequest): string | Uint8Array {
  if (!bytes || bytes.json.length < SHORTEST_SPLICE || !isMap(body)) return jsonOf(body ?? {})
  return spliceBody(body, source, bytes) ?? jsonOf(body)
}

/** Reads a stream as `decoder` does, so that it is accounted for, and carries each event with the deltas that it gave. */
export function rawDecoder(decoder: StreamDecoder): StreamDecoder {
  // an upstream can answer in another form than its own, and stays with it
  let isForeign = false
  return {
    template: decoder.template,
    ...(decoder.pass && { pass: decoder.pass.bind(decoder) }),
    carries: () => !isForeign,
    decode(event, out) {
      const first = out.length
      const done = decoder.decode(event, out)
      for (let at = first; at < out.length && !isForeign; at++) isForeign = isForeignChunk((out[at] as Delta).chunk)
      if (!isForeign && (done || out.length > first || isJson(event))) carry(event, out, first)
      return done
    },
    end(out) {
      const first = out.length
      decoder.end(out)
      if (isForeign) return
      // what stream transforms held back was carried with its own event
      for (let at = first; at < out.length; at++) (out[at] as Delta).raw = null
    },
  }
}

/** The deltas of a whole answer, with its text. */
export function rawDeltas(deltas: Delta[], text: string, { native }: ChatRequest): Delta[] {
  // whatever an operation gives is what was asked for
  if (native?.operation !== undefined) return [{ other: native.operation, raw: { text } }]
  if (!deltas.some(({ chunk }) => isForeignChunk(chunk))) carry({ text }, deltas, 0)
  return deltas
}

/** A client would stumble over one broken line, which this server reads over. Only what said nothing is looked at. */
function isJson({ text }: FramedEvent): boolean {
  return text === undefined || parseJson(text) !== undefined
}

/** Of a chat: the chunks that a client knows as they are are those of OpenAI's legacy completions. */
function isForeignChunk(chunk: Delta['chunk']): boolean {
  if (chunk === undefined || chunk['object'] === 'text_completion') return false
  const { choices } = chunk
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  return !(isMap(first) && typeof first['text'] === 'string')
}

/** One delta tells the event; faults are told by the client's API in words of its own. */
function carry(event: FramedEvent, deltas: Delta[], first: number): void {
  let isCarried = false
  for (let at = first; at < deltas.length; at++) {
    const delta = deltas[at] as Delta
    if (delta.error) return
    delta.raw = isCarried ? null : event
    isCarried = true
  }
  if (!isCarried) deltas.push({ raw: event })
}
