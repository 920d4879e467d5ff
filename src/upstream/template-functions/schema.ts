/** Rewrites a JSON Schema to what a vendor takes: an allow list of keywords, and what is dropped is told in the description. */
import type { TemplateFunction } from '../../definition/context.ts'
import { isMap } from '../../definition/scope.ts'
import { inlineReferences, TOO_LARGE } from './schema-references.ts'
import { flatRoot } from './schema-root.ts'

interface Options {
  /** Keywords that stay; all when absent. */
  keep?: ReadonlySet<string>
  /** Values of `format` that stay. */
  formats?: ReadonlySet<string>
  inlineRefs: boolean
  constToEnum: boolean
  oneOfToAnyOf: boolean
  nullToNullable: boolean
  enumsAsText: boolean
  closeObjects: boolean
  /** A type stands in the branches of a choice, never beside it. */
  typesInBranches: boolean
  /** Every property is required (an optional one may be null), as OpenAI's strict mode wants it. */
  requireAll: boolean
}

/** Constraints that a reader of the description understands when the keyword itself cannot stay. */
const TOLD = new Set([
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'format',
  'default',
  'examples',
  'not',
  'patternProperties',
  'propertyNames',
  'contains',
  'if',
  'then',
  'else',
  'dependentRequired',
])

/**
 * `root: object` makes the root an object, `root: flat` one without a choice or a reference at its top; `empty: omit` gives
 * nothing for a root object without properties.
 */
export const schema: TemplateFunction = (given) => {
  const options: Options = {
    keep: textSet(given['keep']),
    formats: textSet(given['formats']),
    inlineRefs: given['inline_refs'] === true,
    constToEnum: given['const_to_enum'] === true,
    oneOfToAnyOf: given['one_of_to_any_of'] === true,
    nullToNullable: given['null_to_nullable'] === true,
    enumsAsText: given['enums_as_text'] === true,
    closeObjects: given['close_objects'] === true,
    typesInBranches: given['types_in_branches'] === true,
    requireAll: given['require_all'] === true,
  }
  const isFlat = given['root'] === 'flat'
  const asObject = isFlat || given['root'] === 'object'
  const omitEmpty = given['empty'] === 'omit'
  return (value) => {
    if (!isMap(value)) return undefined
    const inlined = options.inlineRefs ? inlineReferences(value) : value
    const source = isFlat ? flatRoot(inlined) : inlined
    let out = rewrite(source, options, 0)
    if (asObject && out['type'] !== 'object' && !Array.isArray(out['anyOf'])) out = { ...out, type: 'object' }
    const bare = !isMap(out['properties']) || Object.keys(out['properties']).length === 0
    if (omitEmpty && bare && !Array.isArray(out['anyOf'])) return undefined
    if (asObject && out['type'] === 'object' && !isMap(out['properties'])) out['properties'] = {}
    return out
  }
}

/** Schemas within schemas; deeper than this none is that means anything. */
const DEEPEST = 128

function rewrite(node: Record<string, unknown>, options: Options, depth: number): Record<string, unknown> {
  if (depth > DEEPEST) return { ...TOO_LARGE }
  const source = unify(node, options)
  const out: Record<string, unknown> = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(source)) {
    const stays = options.keep === undefined || options.keep.has(key)
    const formatStays = key !== 'format' || options.formats === undefined || isOneOf(options.formats, value)
    if (stays && formatStays) out[key] = child(key, value, options, depth + 1)
    else if (TOLD.has(key)) told.push(`${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    else if (key === 'additionalProperties' && isMap(value)) told.push(`other keys: ${JSON.stringify(value)}`)
    else if (key === 'prefixItems' && Array.isArray(value)) told.push(`items in order: ${JSON.stringify(value)}`)
  }
  if (told.length > 0) {
    const own = typeof out['description'] === 'string' ? `${out['description']} ` : ''
    out['description'] = `${own}(${told.join('; ')})`
  }
  if (isObjectSchema(out)) finishObject(out, options)
  if (out['type'] === 'array' && out['items'] === undefined && options.keep)
    out['items'] = itemsOf(source, options, depth + 1)
  return out
}

/** Spellings of one meaning become the one that the vendor knows. */
function unify(node: Record<string, unknown>, options: Options): Record<string, unknown> {
  const out: Record<string, unknown> = { ...node }
  if (options.constToEnum && Object.hasOwn(out, 'const')) {
    out['enum'] = [out['const']]
    delete out['const']
  }
  if (options.oneOfToAnyOf && Array.isArray(out['oneOf'])) {
    out['anyOf'] = [...(Array.isArray(out['anyOf']) ? out['anyOf'] : []), ...out['oneOf']]
    delete out['oneOf']
  }
  if (options.typesInBranches) typeBranches(out)
  if (options.keep && !options.keep.has('allOf') && Array.isArray(out['allOf'])) mergeAll(out, out['allOf'])
  // a lone branch that was taken up brings spellings of its own
  if (options.nullToNullable && nullable(out)) return unify(out, options)
  if (options.enumsAsText && Array.isArray(out['enum'])) {
    const values = out['enum'].filter((value) => value !== null)
    if (values.length < out['enum'].length) out['nullable'] = true
    // an empty word in it is refused
    const words = values.filter((value) => value !== '')
    out['enum'] = words.map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    out['type'] = 'string'
    if (words.length === 0) delete out['enum']
  }
  return out
}

function typeBranches(out: Record<string, unknown>): void {
  const { type, anyOf: branches } = out
  if (type === undefined || !Array.isArray(branches)) return
  // which of the properties beside it are required: no branch of its own names them
  const isOfRequired = branches.every(
    (branch) => isMap(branch) && Object.keys(branch).every((key) => key === 'required'),
  )
  if (isOfRequired) delete out['anyOf']
  else {
    out['anyOf'] = branches.map((branch: unknown) => (isMap(branch) ? { type, ...branch } : branch))
    delete out['type']
  }
}

function mergeAll(out: Record<string, unknown>, parts: unknown[]): void {
  delete out['allOf']
  for (const part of parts) {
    if (!isMap(part)) continue
    for (const [key, value] of Object.entries(part)) {
      const own = out[key]
      if (isMap(own) && isMap(value)) out[key] = { ...value, ...own }
      else if (Array.isArray(own) && Array.isArray(value)) out[key] = [...new Set<unknown>([...own, ...value])]
      else out[key] ??= value
    }
  }
}

/** `type: [string, "null"]` and a branch `{ type: null }` become `nullable: true`. True when a lone branch was taken up. */
function nullable(out: Record<string, unknown>): boolean {
  const types = out['type']
  if (Array.isArray(types)) {
    const rest = types.filter((type) => type !== 'null')
    if (rest.length < types.length) out['nullable'] = true
    if (rest.length === 1) out['type'] = rest[0]
    else {
      delete out['type']
      if (rest.length > 1) out['anyOf'] = rest.map((type) => ({ type }))
    }
  } else if (types === 'null') {
    delete out['type']
    out['nullable'] = true
  }
  const branches = out['anyOf']
  if (!Array.isArray(branches)) return false
  const rest = branches.filter((branch) => !(isMap(branch) && branch['type'] === 'null'))
  if (rest.length === branches.length) return false
  out['nullable'] = true
  delete out['anyOf']
  if (rest.length > 1) out['anyOf'] = rest
  if (rest.length !== 1 || !isMap(rest[0])) return false
  Object.assign(out, { ...rest[0], ...out })
  return true
}

/** Keywords that hold schemas are gone into; everything else is a value. */
function child(key: string, value: unknown, options: Options, depth: number): unknown {
  if (['properties', '$defs', 'definitions', 'patternProperties'].includes(key) && isMap(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, asSchema(each, options, depth)]))
  }
  if (['anyOf', 'oneOf', 'allOf', 'prefixItems'].includes(key) && Array.isArray(value)) {
    return value.map((each) => asSchema(each, options, depth))
  }
  if (key === 'items' && Array.isArray(value)) return asSchema({ anyOf: value }, options, depth)
  if (['items', 'additionalProperties', 'not', 'contains', 'if', 'then', 'else'].includes(key) && isMap(value)) {
    return rewrite(value, options, depth)
  }
  return value
}

/** `true` as a schema means anything; vendors with an allow list want a map. */
function asSchema(value: unknown, options: Options, depth: number): unknown {
  if (isMap(value)) return rewrite(value, options, depth)
  return typeof value === 'boolean' && options.keep ? { type: 'string' } : value
}

function itemsOf(source: Record<string, unknown>, options: Options, depth: number): unknown {
  const tuple = source['prefixItems']
  if (!Array.isArray(tuple) || tuple.length === 0) return { type: 'string' }
  return tuple.length === 1 ? asSchema(tuple[0], options, depth) : asSchema({ anyOf: tuple }, options, depth)
}

function isObjectSchema(out: Record<string, unknown>): boolean {
  return out['type'] === 'object' || isMap(out['properties'])
}

function finishObject(out: Record<string, unknown>, options: Options): void {
  if (isMap(out['properties']) && Array.isArray(out['required'])) {
    const properties = out['properties']
    out['required'] = out['required'].filter((name) => typeof name === 'string' && Object.hasOwn(properties, name))
    if (Array.isArray(out['required']) && out['required'].length === 0) delete out['required']
  }
  if (options.closeObjects) out['additionalProperties'] = false
  if (options.requireAll && isMap(out['properties'])) out['required'] = Object.keys(out['properties'])
}

function isOneOf(words: ReadonlySet<string>, value: unknown): boolean {
  return typeof value === 'string' && words.has(value)
}

function textSet(value: unknown): ReadonlySet<string> | undefined {
  return Array.isArray(value) ? new Set(value.map(String)) : undefined
}
