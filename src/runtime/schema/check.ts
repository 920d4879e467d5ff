/**
 * Does a value fit a JSON Schema of ours? Yes or no, and nothing of why: a start and a request mostly bring what fits, and a
 * library that can tell what does not takes longer to load and to compile a schema than all else that a start does. Whoever
 * hears a no asks it for the words.
 */

import { madeOf } from '../recurring.ts'
import {
  ANY,
  conditionOf,
  DECIMAL,
  FIELDS,
  isFields,
  kindOf,
  kindsOf,
  LIST,
  numberBounds,
  numberFits,
  TEXT,
  textBounds,
  textFits,
  valuesOf,
  WHOLE,
  type Fields,
  type NumberBounds,
  type Schema,
  type TextBounds,
} from './parts.ts'

export type SchemaCheck = (value: unknown) => boolean

/**
 * Throws for a keyword that it does not know.
 * @param root what a `$ref` is looked for in
 */
export function schemaCheck(schema: unknown, root: unknown = schema): SchemaCheck {
  const node = new Node(schema, { root, known: new Map() })
  return (value) => node.fits(value)
}

/** What all nodes of a schema share. */
interface Document {
  root: unknown
  /** By pointer. What refers to itself is read when it is first needed. */
  known: Map<string, Node>
}

const KEYWORDS = new Set(
  (
    '$schema $defs title description deprecated default examples ' +
    'type enum const $ref allOf anyOf not if then else ' +
    'minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum ' +
    'items minItems maxItems properties patternProperties additionalProperties propertyNames ' +
    'required minProperties maxProperties dependentRequired'
  ).split(' '),
)

/** One kind of object and one function for every schema, which the engine makes quick; closures would be as many functions. */
class Node {
  private readonly document: Document
  /** Does nothing but `kinds` matter? Most schemas of a field are such. */
  private readonly isPlain: boolean
  private readonly kinds: number
  private readonly values: readonly unknown[] | undefined
  private readonly reference: string | undefined
  private readonly text: TextBounds | undefined
  private readonly number: NumberBounds | undefined
  private readonly list: { items: Node | undefined; least: number; most: number } | undefined
  private readonly fields: FieldRules | undefined
  private readonly logic: Logic | undefined

  constructor(schema: unknown, document: Document) {
    this.document = document
    const of: Schema = typeof schema === 'boolean' ? (schema ? {} : { type: [] }) : (schema as Schema)
    if (!isFields(of)) throw new Error('a schema is a map or a boolean')
    for (const keyword in of)
      if (!KEYWORDS.has(keyword) && !keyword.startsWith('x-')) throw new Error(`the schema has an unknown ${keyword}`)
    const made = (each: unknown): Node => new Node(each, document)
    this.kinds = of['type'] === undefined ? ANY : kindsOf(of['type'])
    this.values = valuesOf(of)
    this.reference = of['$ref'] as string | undefined
    this.text = textBounds(of)
    this.number = numberBounds(of)
    const {
      items,
      minItems: least = 0,
      maxItems: most = Infinity,
    } = of as { minItems?: number; maxItems?: number } & Schema
    if (items !== undefined || least > 0 || most < Infinity)
      this.list = { items: items === undefined ? undefined : made(items), least, most }
    this.fields = fieldRules(of, made)
    this.logic = logicOf(of, made)
    const { values, reference, text, number, list, fields, logic } = this
    this.isPlain = [values, reference, text, number, list, fields, logic].every((part) => part === undefined)
  }

  fits(value: unknown): boolean {
    const kind = kindOf(value)
    if ((this.kinds & kind) === 0) return false
    if (this.isPlain) return true
    if (this.values !== undefined && !this.values.includes(value)) return false
    if (this.reference !== undefined && !this.referred(this.reference).fits(value)) return false
    if (kind === TEXT) {
      if (this.text !== undefined && !textFits(this.text, value as string)) return false
    } else if (kind === LIST) {
      if (this.list !== undefined && !this.listFits(this.list, value as unknown[])) return false
    } else if (kind === FIELDS) {
      if (this.fields !== undefined && !fieldsFit(this.fields, value as Fields)) return false
    } else if (this.number !== undefined && (kind & (WHOLE | DECIMAL)) !== 0) {
      if (!numberFits(this.number, value as number)) return false
    }
    return this.logic === undefined || logicFits(this.logic, value, kind === FIELDS)
  }

  private listFits({ items, least, most }: NonNullable<Node['list']>, value: readonly unknown[]): boolean {
    if (value.length < least || value.length > most) return false
    if (items !== undefined) for (let i = 0; i < value.length; i++) if (!items.fitsAgain(value[i])) return false
    return true
  }

  /** The same as `fits`: a value that recurs is looked at once. */
  fitsAgain(value: unknown): boolean {
    const made = isObject(value) ? madeOf(value) : undefined
    if (made === undefined) return this.fits(value)
    if (made.get(this) === true) return true
    const isFit = this.fits(value)
    if (isFit) made.set(this, true)
    return isFit
  }

  private referred(pointer: string): Node {
    const known = this.document.known.get(pointer)
    if (known) return known
    const steps = pointer.split('/').slice(1)
    const target = steps.reduce<unknown>((at, step) => (at as Fields)[step], this.document.root)
    const node = new Node(target, this.document)
    this.document.known.set(pointer, node)
    return node
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

interface FieldRules {
  required: readonly string[]
  least: number
  most: number
  dependent: readonly [string, readonly string[]][]
  named: ReadonlyMap<string, Node>
  /** What is asked of names, and of the fields that are not named one by one. */
  others: OtherFields | undefined
}

interface OtherFields {
  patterns: readonly { pattern: RegExp; node: Node }[]
  name: Node | undefined
  rest: Node | undefined
}

function fieldRules(schema: Schema, made: (schema: unknown) => Node): FieldRules | undefined {
  const { required, minProperties, maxProperties, dependentRequired, properties } = schema
  const { patternProperties, additionalProperties, propertyNames } = schema
  const more = [patternProperties, additionalProperties, propertyNames]
  const hasMore = more.some((part) => part !== undefined)
  const own = [required, minProperties, maxProperties, dependentRequired, properties]
  if (!hasMore && own.every((part) => part === undefined)) return undefined
  const named = Object.entries((properties ?? {}) as Fields)
  return {
    required: (required ?? []) as string[],
    least: (minProperties ?? 0) as number,
    most: (maxProperties ?? Infinity) as number,
    dependent: Object.entries((dependentRequired ?? {}) as Record<string, string[]>),
    named: new Map(named.map(([name, each]) => [name, made(each)])),
    others: hasMore
      ? {
          patterns: Object.entries((patternProperties ?? {}) as Fields).map(([pattern, each]) => ({
            pattern: new RegExp(pattern, 'u'),
            node: made(each),
          })),
          name: propertyNames === undefined ? undefined : made(propertyNames),
          rest: additionalProperties === undefined ? undefined : made(additionalProperties),
        }
      : undefined,
  }
}

function fieldsFit(rules: FieldRules, value: Fields): boolean {
  const { required, least, most, dependent, named, others } = rules
  if (!hasAll(value, required)) return false
  if (least > 0 || most < Infinity) {
    const size = Object.keys(value).length
    if (size < least || size > most) return false
  }
  for (const [name, needed] of dependent) if (value[name] !== undefined && !hasAll(value, needed)) return false
  if (named.size === 0 && others === undefined) return true
  // a body has few of the many fields that there may be
  for (const key in value) {
    const field = value[key]
    const node = named.get(key)
    if (node !== undefined && field !== undefined && !node.fitsAgain(field)) return false
    if (others !== undefined && !otherFits(others, key, field, node !== undefined)) return false
  }
  return true
}

function otherFits({ patterns, name, rest }: OtherFields, key: string, field: unknown, isNamed: boolean): boolean {
  if (name !== undefined && !name.fits(key)) return false
  let isKnown = isNamed
  for (const { pattern, node } of patterns) {
    if (!pattern.test(key)) continue
    isKnown = true
    if (!node.fits(field)) return false
  }
  return isKnown || rest === undefined || rest.fits(field)
}

function hasAll(value: Fields, names: readonly string[]): boolean {
  for (let i = 0; i < names.length; i++) if (value[names[i] as string] === undefined) return false
  return true
}

interface Logic {
  all: readonly Node[]
  /** Conditions on the value of one field, of which `allOf` has one for each kind, are looked up by that value. */
  tables: readonly { name: string; cases: ReadonlyMap<unknown, Node> }[]
  some: readonly Node[] | undefined
  not: Node | undefined
  condition: Node | undefined
  consequence: Node | undefined
  otherwise: Node | undefined
}

function logicOf(schema: Schema, made: (schema: unknown) => Node): Logic | undefined {
  const { allOf, anyOf, not, if: condition, then, else: otherwise } = schema
  if ([allOf, anyOf, not, condition].every((part) => part === undefined)) return undefined
  const tables = new Map<string, Map<unknown, Node>>()
  const all: Node[] = []
  for (const each of (allOf ?? []) as Schema[]) {
    const found = conditionOf(each)
    const table = found && (tables.get(found.name) ?? new Map<unknown, Node>())
    if (!found || !table || table.has(found.value)) all.push(made(each))
    else tables.set(found.name, table.set(found.value, made(each['then'])))
  }
  const maybe = (part: unknown): Node | undefined => (part === undefined ? undefined : made(part))
  return {
    all,
    tables: [...tables].map(([name, cases]) => ({ name, cases })),
    some: (anyOf as unknown[] | undefined)?.map(made),
    not: maybe(not),
    condition: maybe(condition),
    consequence: maybe(then),
    otherwise: maybe(otherwise),
  }
}

function logicFits(
  { all, tables, some, not, condition, consequence, otherwise }: Logic,
  value: unknown,
  isMap: boolean,
): boolean {
  for (const { name, cases } of tables) {
    if (isMap) {
      const node = cases.get((value as Fields)[name])
      if (node !== undefined && !node.fits(value)) return false
    } else {
      // to what is no map a condition on a field says yes
      for (const node of cases.values()) if (!node.fits(value)) return false
    }
  }
  for (let i = 0; i < all.length; i++) if (!(all[i] as Node).fits(value)) return false
  if (some !== undefined && !some.some((node) => node.fits(value))) return false
  if (not?.fits(value)) return false
  if (condition === undefined) return true
  return (condition.fits(value) ? consequence : otherwise)?.fits(value) ?? true
}
