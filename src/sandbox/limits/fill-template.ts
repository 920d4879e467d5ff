/** Fills the holes of a dialect's templates: `$name.field|format` is the value itself, `…${name.field|format}…` is text. */
import { FORMATS } from './format.ts'

export type Names = Record<string, Record<string, string | number>>

export interface Scope {
  names: Names
  /** What `$each` goes over: names beside those of the scope. */
  lists: Record<string, Names[]>
  now: number
}

/** Undefined where a hole has no value. */
export function fillText(template: string, scope: Scope): string | number | undefined {
  const whole = /^\$([\w.|-]+)$/.exec(template)?.[1]
  if (whole !== undefined) return valueOf(whole, scope)
  let missing = false
  const text = template.replaceAll(/\$\{([\w.|-]+)\}/g, (_, hole: string) => {
    const value = valueOf(hole, scope)
    missing ||= value === undefined
    return String(value)
  })
  return missing ? undefined : text
}

/** Keys whose hole has no value are left out. */
export function fill(template: unknown, scope: Scope): unknown {
  if (typeof template === 'string') return fillText(template, scope)
  if (Array.isArray(template)) return template.flatMap((item) => fillItem(item, scope))
  if (typeof template !== 'object' || template === null) return template
  const filled = Object.entries(template).map(([key, value]) => [key, fill(value, scope)])
  return Object.fromEntries(filled.filter(([, value]) => value !== undefined))
}

function fillItem(item: unknown, scope: Scope): unknown[] {
  if (typeof item !== 'object' || item === null || !('$each' in item)) return [fill(item, scope)]
  const value = 'value' in item ? item.value : null
  const over = scope.lists[String(item.$each)] ?? []
  return over.map((names) => fill(value, { ...scope, names: { ...scope.names, ...names } }))
}

function valueOf(hole: string, { names, now }: Scope): string | number | undefined {
  const [path = '', format] = hole.split('|')
  const [name = '', field = ''] = path.split('.')
  const value = names[name]?.[field]
  if (format === undefined || value === undefined) return value
  const write = FORMATS[format]
  if (!write) throw new Error(`A dialect asks for the unknown format ${format}.`)
  return write(Number(value), now)
}
