/** What a JSON Schema says of a value by itself: its kind, and bounds of a text or a number; see check.ts. */

export type Schema = Record<string, unknown>
export type Fields = Record<string, unknown>

export const NULL = 1
export const BOOLEAN = 2
export const TEXT = 4
export const WHOLE = 8
export const DECIMAL = 16
export const LIST = 32
export const FIELDS = 64
export const ANY = 255

const KINDS: Record<string, number> = {
  null: NULL,
  boolean: BOOLEAN,
  string: TEXT,
  integer: WHOLE,
  number: WHOLE | DECIMAL,
  array: LIST,
  object: FIELDS,
}

/** Of what no JSON has, none. */
export function kindOf(value: unknown): number {
  if (typeof value === 'string') return TEXT
  if (typeof value === 'object') return value === null ? NULL : Array.isArray(value) ? LIST : FIELDS
  if (typeof value === 'number') return Number.isInteger(value) ? WHOLE : Number.isFinite(value) ? DECIMAL : 128
  return typeof value === 'boolean' ? BOOLEAN : 128
}

export function kindsOf(type: unknown): number {
  return [type].flat().reduce<number>((kinds, name) => {
    const kind = KINDS[String(name)]
    if (kind === undefined) throw new Error(`the schema has an unknown type ${String(name)}`)
    return kinds | kind
  }, 0)
}

export function valuesOf(schema: Schema): readonly unknown[] | undefined {
  const values = schema['const'] === undefined ? (schema['enum'] as unknown[] | undefined) : [schema['const']]
  if (values?.some((value) => typeof value === 'object' && value !== null))
    throw new Error('a value is no map and no list')
  return values
}

export interface TextBounds {
  least: number
  most: number
  pattern: RegExp | undefined
}

export function textBounds({ minLength, maxLength, pattern }: Schema): TextBounds | undefined {
  if (minLength === undefined && maxLength === undefined && pattern === undefined) return undefined
  return {
    least: (minLength as number | undefined) ?? 0,
    most: (maxLength as number | undefined) ?? Infinity,
    pattern: pattern === undefined ? undefined : new RegExp(pattern as string, 'u'),
  }
}

export function textFits({ least, most, pattern }: TextBounds, text: string): boolean {
  // characters are counted, and not halves of them
  if (least > 1 || most < Infinity) {
    const characters = [...text].length
    if (characters < least || characters > most) return false
  } else if (text.length < least) return false
  return pattern === undefined || pattern.test(text)
}

export interface NumberBounds {
  least: number
  most: number
  above: number
  below: number
}

export function numberBounds(schema: Schema): NumberBounds | undefined {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema as Record<string, number | undefined>
  if ([minimum, maximum, exclusiveMinimum, exclusiveMaximum].every((bound) => bound === undefined)) return undefined
  return {
    least: minimum ?? -Infinity,
    most: maximum ?? Infinity,
    above: exclusiveMinimum ?? -Infinity,
    below: exclusiveMaximum ?? Infinity,
  }
}

export function numberFits({ least, most, above, below }: NumberBounds, value: number): boolean {
  return value >= least && value <= most && value > above && value < below
}

/** `{ if: { required: [name], properties: { [name]: { const } } }, then }`. */
export function conditionOf(schema: Schema): { name: string; value: unknown } | undefined {
  const { if: condition, then, ...more } = schema
  if (!isFields(condition) || then === undefined || Object.keys(more).length > 0) return undefined
  const { required, properties, ...others } = condition
  const [name, ...names] = Array.isArray(required) ? (required as string[]) : []
  if (name === undefined || names.length > 0 || Object.keys(others).length > 0) return undefined
  if (!isFields(properties) || Object.keys(properties).join() !== name) return undefined
  const named = properties[name]
  if (!isFields(named) || Object.keys(named).join() !== 'const') return undefined
  const { const: value } = named
  return typeof value === 'object' ? undefined : { name, value }
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
