/** The way out: a canonical request becomes the vendor's own HTTP request, as the definition's template says. */
import { GatewayError } from '../chat/error.ts'
import type { ChatRequest } from '../chat/request.ts'
import { DefinitionError, type Path } from '../definition/error.ts'
import { readText } from '../definition/hole.ts'
import { UnmatchedItem } from '../definition/loop.ts'
import { isAbsent, isMap, Scope, type Frame } from '../definition/scope.ts'
import { templateContext } from '../definition/template.ts'
import { whileAbsent } from '../definition/while-absent.ts'
import type { Template, Watch } from '../definition/context.ts'
import { didYouMean } from '../definition/near-miss.ts'
import { compileChores, type Chore } from './chores/index.ts'
import type { Encoded, Target } from './contract.ts'
import type { FormatDefinition } from './definition.ts'
import { fieldReader, isNeutral, REQUEST_SHAPES, WATCHED, type FieldContext } from './fields.ts'
import { compileModels, type ModelPlan } from './models.ts'
import { PLUGS } from './plugs/index.ts'
import { SHORTEST_SPLICE, spliceBody } from './splice.ts'

export type Encoder = (request: ChatRequest, target: Target) => Encoded

export function compileRequest(name: string, definition: FormatDefinition, watch?: Watch): Encoder {
  const node = definition.request
  if (!isMap(node)) throw new DefinitionError('a format needs request: { path, body }', ['request'])
  if (node.body === undefined) throw new DefinitionError('request needs a body', ['request'])
  const scope = Scope.of(REQUEST_SHAPES)
  const context = templateContext(scope, PLUGS, watch)
  const compile = (value: unknown, at: Path): Template => {
    const { made, slots } = scope.readBy(() => context.compile(value, context, at))
    // whoever watches the rules wants to see them at work
    return watch ? made : whileAbsent(made, slots, scope.slotOf('traits'))
  }
  const lets = Object.entries(node.let ?? {}).map(([key, value]) => {
    const make = compile(value, ['request', 'let', key])
    return [scope.bind(key), make] as const
  })
  const warn = (node.warn ?? []).map((value, i) => compile(value, ['request', 'warn', i]))
  const path = compilePath(node.path, context)
  const headers = Object.entries(node.headers ?? {}).map(
    ([key, value]) => [key.toLowerCase(), context.compile(value, context, ['request', 'headers', key])] as const,
  )
  const body = context.compile(node.body, context, ['request', 'body'])
  const chores = compileChores(node.prepare, ['request', 'prepare'])
  const plan = compileModels(definition)
  const used = scope.used
  const readers = [...new Set([...used, 'traits'])].map((field) => [scope.slotOf(field), fieldReader(field)] as const)
  const unread = used.has('body') ? [] : WATCHED.filter((field) => !used.has(field))
  const silent = fieldSet(node.ignore, ['request', 'ignore'])
  const refused = fieldSet(node.refuse, ['request', 'refuse'])
  const watched = unread
    .filter((field) => !silent.has(field) && !refused.has(field))
    .map((field) => [field, fieldReader(field)] as const)
  const refusals = [...refused].map((field) => [field, fieldReader(field)] as const)
  const parts = { method: node.method ?? 'POST', path, headers, body }
  const frame = scope.frame()

  return (request, target) => {
    const warnings: string[] = []
    const planned = plan(target.model)
    const values: FieldContext = { request, target, traits: planned.traits }
    for (const [field, read] of refusals) if (!isNeutral(field, read(values))) throw cannot(name, field)
    values.request = prepare(name, request, chores, planned, warnings)
    for (const [field, read] of watched) {
      if (!isNeutral(field, read(values))) warnings.push(`${field}: ${name} does not take it, left out`)
    }
    for (const [slot, read] of readers) frame[slot] = read(values) ?? undefined
    for (const [slot, make] of lets) frame[slot] = make(frame)
    for (const make of warn) {
      const warning = make(frame)
      if (warning !== undefined) warnings.push(asText(warning))
    }
    return { request: fill(name, parts, frame, target, request), warnings }
  }
}

interface Parts {
  method: string
  path: Template
  headers: (readonly [string, Template])[]
  body: Template
}

function fill(name: string, parts: Parts, frame: Frame, target: Target, from: ChatRequest): Encoded['request'] {
  try {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    for (const [key, make] of parts.headers) {
      const value = make(frame)
      if (value !== undefined) headers[key] = asText(value)
    }
    for (const key in target.headers) headers[key.toLowerCase()] = target.headers[key] ?? ''
    const body = written(parts.body(frame) ?? {}, from)
    const path = parts.path(frame)
    if (path === undefined)
      throw new GatewayError('unsupported', `${name} has no path for a request like this; choose another model`)
    return { method: parts.method, url: target.base_url + asText(path), headers, body }
  } catch (cause) {
    if (!(cause instanceof UnmatchedItem)) throw cause
    throw new GatewayError(
      'unsupported',
      `${name} cannot take ${describe(cause.item)}; leave it out or choose another model`,
      { cause },
    )
  }
}

/** The vendor's body as text, or as bytes where most of them are the client's own. */
function written(body: unknown, { received }: ChatRequest): string | Uint8Array {
  if (!received || received.bytes.length < SHORTEST_SPLICE || !isMap(body)) return JSON.stringify(body)
  return spliceBody(body, received.body, received.bytes) ?? JSON.stringify(body)
}

/** Names the part, message or tool that no case of the definition takes, without its contents. */
function describe(item: unknown): string {
  if (!isMap(item)) return `this ${typeof item}`
  const what = typeof item['type'] === 'string' ? `a part of type "${item['type']}"` : undefined
  const media = typeof item['media_type'] === 'string' ? ` with media type "${item['media_type']}"` : ''
  const how = typeof item['url'] === 'string' ? ' given by URL' : ''
  if (what) return what + media + how
  return typeof item['role'] === 'string'
    ? `a message of role "${item['role']}"`
    : `an item with ${Object.keys(item).join(', ')}`
}

function cannot(name: string, field: string): GatewayError {
  return new GatewayError('unsupported', `${name} cannot do "${field}"; leave it out or choose another model`, {
    param: field,
  })
}

function prepare(
  name: string,
  request: ChatRequest,
  chores: ReturnType<Chore>[],
  plan: ModelPlan,
  warnings: string[],
): ChatRequest {
  let prepared = request
  const warn = (warning: string): void => void warnings.push(warning)
  for (const chore of chores) prepared = chore(prepared, warn)
  for (const chore of plan.prepare) prepared = chore(prepared, warn)
  return plan.isPlain ? prepared : fitted(name, { ...prepared }, plan, warnings)
}

/** Fields that the model does not take, or not like this. */
function fitted(name: string, prepared: ChatRequest, plan: ModelPlan, warnings: string[]): ChatRequest {
  const read = (field: string): unknown => fieldReader(field)({ request: prepared, target: NOWHERE, traits: {} })
  const write = (field: string, value: unknown): void => {
    if (Object.hasOwn(prepared.options, field)) prepared.options = { ...prepared.options, [field]: value }
    else Object.assign(prepared, { [field]: value })
    if (Object.hasOwn(prepared.body, field)) prepared.body = { ...prepared.body, [field]: value }
  }
  for (const field of plan.drop) {
    if (!isNeutral(field, read(field))) warnings.push(`${field}: this model of ${name} does not take it, left out`)
    write(field, undefined)
  }
  for (const [field, value] of Object.entries(plan.defaults)) if (isAbsent(read(field))) write(field, value)
  for (const [field, low, high] of plan.clamp) {
    const value = read(field)
    if (typeof value !== 'number' || (value >= low && value <= high)) continue
    const inside = Math.min(high, Math.max(low, value))
    write(field, inside)
    warnings.push(`${field}: ${value} is outside ${low} to ${high} of ${name}, set to ${inside}`)
  }
  return prepared
}

const NOWHERE: Target = { base_url: '', model: '', secret: '', headers: {} }

/** A path's holes are percent-encoded whole; `${model:path}` keeps the slashes. */
function compilePath(node: unknown, context: ReturnType<typeof templateContext>): Template {
  if (node === undefined) throw new DefinitionError('request needs a path', ['request'])
  const compile: typeof context.compile = (value, inner, path) => {
    if (typeof value !== 'string' || (value.startsWith('$') && !value.startsWith('${')))
      return context.compile(value, inner, path)
    const reader = readText(value, inner.scope, path, encodeSegment)
    return typeof reader === 'string' ? () => reader : reader
  }
  // only text inside the path is written differently; operators come back here for their branches
  const inPath = { ...context, compile }
  return isMap(node) ? context.compile(node, inPath, ['request', 'path']) : compile(node, inPath, ['request', 'path'])
}

function encodeSegment(value: unknown, flag: string | undefined): string {
  const text = asText(value)
  const refused = (why: string): GatewayError =>
    new GatewayError('invalid_request', `${JSON.stringify(text)} is no model name: ${why}`, { param: 'model' })
  if (text.split(/[\\/]/).some((segment) => segment === '.' || segment === '..'))
    throw refused('it has "." or ".." as a path segment')
  if (!text.isWellFormed()) throw refused('it has half of a character')
  // @ is a plain character of a path, and some vendors' models begin with it
  const encode = (segment: string): string => encodeURIComponent(segment).replaceAll('%40', '@')
  return flag === 'path' ? text.split('/').map(encode).join('/') : encodeURIComponent(text)
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function fieldSet(fields: string[] | undefined, path: (string | number)[]): ReadonlySet<string> {
  fields?.forEach((field, i) => {
    if (Object.hasOwn(REQUEST_SHAPES, field)) return
    const near = didYouMean(field, Object.keys(REQUEST_SHAPES))
    throw new DefinitionError(`"${field}" is no field of a request${near}`, [...path, i])
  })
  return new Set(fields ?? [])
}
