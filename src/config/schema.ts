/** The one JSON Schema, and what it says against a document, in words for people. */
import { readFileSync } from 'node:fs'
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js'
import { nearMiss } from '../definition/near-miss.ts'
import { onDemand } from '../runtime/modules.ts'
import { schemaCheck, type SchemaCheck } from '../runtime/schema/check.ts'
import { pathOf } from './document/environment.ts'
import { schemaFault } from './schema-message.ts'
import type { Fault } from './problem.ts'

type Part = 'config' | 'format' | 'clientEntry' | 'key'

interface SchemaFile {
  $defs: Record<Part, object>
}

const schema = JSON.parse(readFileSync(new URL('providers.schema.json', import.meta.url), 'utf8')) as SchemaFile

const CHECKS = new Map<Part, SchemaCheck>()

/** Without a word: only what does not fit is worth the library that knows the words, and compiling the schema for it. */
function fits(part: Part, value: unknown): boolean {
  const check = CHECKS.get(part) ?? schemaCheck(schema.$defs[part], schema)
  CHECKS.set(part, check)
  return check(value)
}

const ajvLibrary = onDemand<{ Ajv2020: typeof Ajv2020 }>('ajv/dist/2020.js', import.meta.url)

let library: Ajv2020 | undefined

function validator(part: Part): ValidateFunction {
  library ??= loadLibrary()
  const found = library.getSchema(`providers#/$defs/${part}`)
  if (!found) throw new Error(`providers.schema.json has no ${part}`)
  return found
}

function loadLibrary(): Ajv2020 {
  const ajv = new (ajvLibrary().Ajv2020)({
    // The schema is ours, and tested; holding it against its own schema would take half the time that it takes to compile.
    validateSchema: false,
    allErrors: true,
    verbose: true,
    strictTypes: false,
    strictRequired: false,
    allowUnionTypes: true,
    keywords: ['x-expected', 'x-words'],
    // A file is read once: quicker to compile counts, quicker to run does not.
    code: { optimize: false },
  })
  return ajv.addSchema(schema, 'providers')
}

/** `filled`: JSON pointers of texts that came from variables; such a text may stand for a number or a boolean. */
export function configFaults(value: unknown, filled: ReadonlySet<string>): Fault[] {
  if (fits('config', value)) return []
  const check = validator('config')
  if (!check(value) && settleTypes(value, check.errors ?? [], filled)) check(value)
  return faultsOf(check.errors)
}

/** Faults of a wire format's definition, placed beneath `path`. */
export function formatFaults(value: unknown, path: Fault['path'] = []): Fault[] {
  if (fits('format', value)) return []
  const check = validator('format')
  check(value)
  return faultsOf(check.errors).map((fault) => ({ ...fault, path: [...path, ...fault.path] }))
}

/** Faults of one entry of `clients:`, or of one key of a provider, that did not come from the file. */
export function partFaults(part: 'clientEntry' | 'key', value: unknown): Fault[] {
  if (fits(part, value)) return []
  const check = validator(part)
  check(value)
  return faultsOf(check.errors)
}

function faultsOf(errors: ErrorObject[] | null | undefined): Fault[] {
  const found = errors ?? []
  const strangers = Map.groupBy(
    found.filter(({ keyword }) => keyword === 'additionalProperties'),
    ({ instancePath }) => instancePath,
  )
  return found.filter((error) => !misspelt(error, strangers)).flatMap((error) => schemaFault(error) ?? [])
}

/** A key that is missing because it is misspelt is one fault, not two. */
function misspelt(error: ErrorObject, strangers: ReadonlyMap<string, ErrorObject[]>): boolean {
  if (error.keyword !== 'required' && error.keyword !== 'dependentRequired') return false
  const missing = String(error.params['missingProperty'])
  return (strangers.get(error.instancePath) ?? []).some(
    ({ params }) => nearMiss(String(params['additionalProperty']), [missing]) !== undefined,
  )
}

/** `port: ${PORT}` gives a text where a number is wanted: puts the number there. True when anything was put. */
function settleTypes(root: unknown, errors: ErrorObject[], filled: ReadonlySet<string>): boolean {
  let changed = false
  for (const { keyword, instancePath, params, data } of errors) {
    if (keyword !== 'type' || typeof data !== 'string' || !filled.has(instancePath)) continue
    const wanted: unknown = Array.isArray(params['type']) ? params['type'] : [params['type']]
    const value = converted(data.trim(), wanted as string[])
    if (value === undefined) continue
    const path = pathOf(instancePath)
    const parent = path.slice(0, -1).reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], root)
    ;(parent as Record<string, unknown>)[path.at(-1) ?? ''] = value
    changed = true
  }
  return changed
}

function converted(text: string, wanted: string[]): number | boolean | undefined {
  const numeric = wanted.includes('number') || wanted.includes('integer')
  if (numeric && /^-?\d+(\.\d+)?$/.test(text)) return Number(text)
  if (wanted.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true'
  return undefined
}
