/** The way out: a canonical request becomes the vendor's own HTTP request, as the definition's template says. */
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { DefinitionError } from '../../definition/error.ts'
import { asText } from '../../definition/hole.ts'
import { UnmatchedItem } from '../../definition/loop.ts'
import { isMap, type Frame } from '../../definition/scope.ts'
import type { Template, Watch } from '../../definition/context.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import { compileRequestTransforms } from './transforms/index.ts'
import type { Encoded, Target } from '../types.ts'
import type { FormatDefinition } from '../format/format-definition.ts'
import { bitsOf, fieldOf, fillFrame, isNeutral, REQUEST_SHAPES, WATCHED } from './fields.ts'
import { fitModel } from '../format/model-fit.ts'
import { compileModels } from '../format/model-traits.ts'
import { compileParts, type RequestParts } from './request-parts.ts'
import { compileShapes } from './request-shapes.ts'
import { compileClosedSchema } from './closed-schema.ts'
import { withOwnCallIds } from './own-call-ids.ts'
import { withPicturesApart } from './pictures-apart.ts'
import { SHORTEST_SPLICE, spliceBody } from './body-splice.ts'
import { jsonOf } from './json-of.ts'

export type Encoder = (request: ChatRequest, target: Target) => Encoded

export function compileRequest(name: string, definition: FormatDefinition, watch?: Watch): Encoder {
  const node = definition.request
  if (!isMap(node)) throw new DefinitionError('a format needs request: { path, body }', ['request'])
  if (node.body === undefined) throw new DefinitionError('request needs a body', ['request'])
  const general = compileParts(node, undefined, watch)
  const transforms = compileRequestTransforms(node.prepare, ['request', 'prepare'])
  const plan = compileModels(definition)
  const { used } = general.scope
  const silent = fieldSet(node.ignore, ['request', 'ignore'])
  const known = compileClosedSchema(name, node.takes)
  const refused = fieldSet(node.refuse, ['request', 'refuse'])
  const isPassed = used.has('body') ? passesBody(node.body) : NOTHING_PASSES
  const watched = WATCHED.filter(
    (field) => !isPassed(field) && !used.has(field) && !silent.has(field) && !refused.has(field),
  )
  const watchedBits = bitsOf(watched)
  // whoever watches the rules wants to see them at work
  const partsOf = watch ? () => general : compileShapes(node, general, bitsOf(used))
  const refusals = [...refused]
  const keepsPictures = node.made_pictures === 'kept'
  const seesAny = node.made_pictures !== 'none'
  const method = node.method ?? 'POST'
  const frame = general.scope.frame()

  return (request, target) => {
    const warnings: string[] = []
    const planned = plan(target.model)
    for (let i = 0; i < refusals.length; i++) {
      const field = refusals[i] as string
      if (!isNeutral(field, fieldOf(request, field))) throw cannot(name, field)
    }
    const named = withOwnCallIds(request)
    const shown = keepsPictures ? named : withPicturesApart(named, seesAny && target.vision !== false, warnings)
    let prepared = known ? known(shown, warnings) : shown
    for (let i = 0; i < transforms.length; i++) prepared = (transforms[i] as Prepare)(prepared, warnings)
    for (let i = 0; i < planned.prepare.length; i++) prepared = (planned.prepare[i] as Prepare)(prepared, warnings)
    if (!planned.isPlain) prepared = fitModel(name, prepared, planned, warnings)
    const shape = fillFrame(frame, prepared, target, planned.traits)
    if ((shape & watchedBits) !== 0) tellOfLoss(name, watched, prepared, warnings)
    const parts = partsOf(shape, planned.traits)
    for (let i = 0; i < parts.lets.length; i++) {
      const [slot, make] = parts.lets[i] as RequestParts['lets'][number]
      frame[slot] = make(frame)
    }
    for (let i = 0; i < parts.warn.length; i++) {
      const warning = (parts.warn[i] as Template)(frame)
      if (warning !== undefined) warnings.push(asText(warning))
    }
    return { request: fill(name, method, parts, frame, target, request), warnings }
  }
}

const NOTHING_PASSES = (): boolean => false

/** Where the client's body goes on, a field is lost by a key that the template keeps out: `store: ~`. */
function passesBody(body: unknown): (field: string) => boolean {
  return (field) => !NEVER_IN_BODY.has(field) && (!isMap(body) || !Object.hasOwn(body, field) || body[field] !== null)
}

/** Do the client's own messages go on? */
export function handsOn(body: unknown): boolean {
  return isMap(body) && JSON.stringify(body['<<'] ?? null).includes('"$body"') && passesBody(body)('messages')
}

/** Only clients of other APIs say it by this name of the normal form. */
const NEVER_IN_BODY = new Set(['top_k'])

type Prepare = ReturnType<typeof compileRequestTransforms>[number]

function tellOfLoss(name: string, watched: readonly string[], request: ChatRequest, warnings: string[]): void {
  for (const field of watched) {
    if (!isNeutral(field, fieldOf(request, field))) warnings.push(`${field}: ${name} does not take it, left out`)
  }
}

function fill(
  name: string,
  method: string,
  parts: RequestParts,
  frame: Frame,
  target: Target,
  from: ChatRequest,
): Encoded['request'] {
  try {
    const headers: Record<string, string> = { 'content-type': 'application/json' }
    for (let i = 0; i < parts.headers.length; i++) {
      const [header, make] = parts.headers[i] as RequestParts['headers'][number]
      const value = make(frame)
      if (value !== undefined) headers[header] = asText(value)
    }
    for (const key in target.headers) headers[key.toLowerCase()] = target.headers[key] ?? ''
    const body = written(parts.body(frame) ?? {}, from)
    const path = parts.path(frame)
    if (path === undefined)
      throw new GatewayError('unsupported', `${name} has no path for a request like this; choose another model`)
    return { method, url: target.base_url + asText(path), headers, body }
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
  if (!received || received.bytes.json.length < SHORTEST_SPLICE || !isMap(body)) return jsonOf(body)
  return spliceBody(body, received.body, received.bytes) ?? jsonOf(body)
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

function fieldSet(fields: string[] | undefined, path: (string | number)[]): ReadonlySet<string> {
  fields?.forEach((field, i) => {
    if (Object.hasOwn(REQUEST_SHAPES, field)) return
    const near = didYouMean(field, Object.keys(REQUEST_SHAPES))
    throw new DefinitionError(`"${field}" is not a field of a request${near}`, [...path, i])
  })
  return new Set(fields ?? [])
}
