/** Reads `$name.path`, `$name:type?` and text with `${name}` in it. */
import { DefinitionError, type Path } from './error.ts'
import type { Template } from './context.ts'
import { always, isPlain, settled } from './constant-folding.ts'
import { didYouMean } from './near-miss.ts'
import { isAbsent, isMap, type Frame, type Scope, type Shape, type Known } from './scope.ts'

export type HoleType = 'text' | 'number' | 'boolean' | 'list' | 'map'

const TYPES: Record<HoleType, (value: unknown) => boolean> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  list: Array.isArray,
  map: isMap,
}

const HOLE = /^\$([A-Za-z_]\w*)((?:\.\w+)*)(?::(\w+))?(\?)?$/
const IN_TEXT = /\$\{([^}]*)\}/g

export interface PatternHole {
  name: string
  optional: boolean
  /** Of a hole with a type. */
  accepts: ((value: unknown) => boolean) | undefined
}

/** `$name`, `$name?`, `$name:list`: what a pattern may hold. Undefined for any other text. */
export function readPatternHole(text: string, path: Path): PatternHole | undefined {
  if (!text.startsWith('$') || text.startsWith('$$')) return undefined
  const match = HOLE.exec(text)
  if (!match || match[2])
    throw new DefinitionError(`"${text}" is not a hole; a pattern's hole is $name, $name? or $name:type`, path)
  const type = match[3]
  if (type !== undefined && !isHoleType(type)) {
    const known = Object.keys(TYPES)
    const message = `unknown type "${type}" of $${match[1]}${didYouMean(type, known)} (${known.join(', ')})`
    throw new DefinitionError(message, path, 'value', text.indexOf(':') + 1)
  }
  return { name: match[1] ?? '', optional: match[4] === '?', accepts: type === undefined ? undefined : TYPES[type] }
}

function isHoleType(text: string): text is HoleType {
  return Object.hasOwn(TYPES, text)
}

export type Reader = (frame: Frame) => unknown

export interface Hole {
  /** Undefined for null, too. */
  read: Reader
  shape: Shape
  /** What it always reads, where that is a plain value and known. */
  known?: Known
}

/** A whole-string hole: its value keeps its type. Undefined when the text is not a hole. */
export function readTemplateHole(text: string, scope: Scope, path: Path): Hole | undefined {
  if (!text.startsWith('$') || text.startsWith('$$') || text.startsWith('${')) return undefined
  const match = HOLE.exec(text)
  if (!match)
    throw new DefinitionError(`"${text}" is not a hole; write $name, $name.path, or $$ for a dollar sign`, path)
  if (match[3] || match[4]) throw new DefinitionError(`"${text}": types and ? belong in a pattern`, path)
  return reach(match[1] ?? '', match[2] ?? '', scope, path, 1)
}

function reach(name: string, tail: string, scope: Scope, path: Path, offset: number): Hole {
  const found = scope.read(name, path, offset)
  let shape = found.shape
  const { slot } = found
  const steps = tail.split('.').filter(Boolean)
  for (const step of steps) {
    if (shape.keys && !Object.hasOwn(shape.keys, step)) {
      throw new DefinitionError(
        `$${name} has no "${step}"${didYouMean(step, Object.keys(shape.keys))}`,
        path,
        'value',
        offset,
      )
    }
    shape = shape.keys?.[step] ?? {}
  }
  if (found.known) {
    const value = walk(found.known.value, steps)
    if (isPlain(value)) return { read: always(value), shape, known: { value } }
  }
  return { read: readerOf(slot, steps), shape }
}

function readerOf(slot: number, steps: readonly string[]): Reader {
  if (steps.length === 0) return (frame) => frame[slot] ?? undefined
  return (frame) => {
    const value = frame[slot]
    return value === undefined ? undefined : walk(value, steps)
  }
}

function walk(from: unknown, steps: readonly string[]): unknown {
  let value = from
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as string
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value ?? undefined
}

/**
 * Text with `${name}` in it; `write` turns each value into text (percent-encoding in a path). A hole with nothing in it
 * makes the whole text nothing; `$$` is read as `$`.
 */
export function readText(
  text: string,
  scope: Scope,
  path: Path,
  write: (value: unknown, flag: string | undefined) => string = asText,
): Template {
  const holes: Template[] = []
  const parts: (string | { read: Reader; flag: string | undefined })[] = []
  let last = 0
  for (const match of text.matchAll(IN_TEXT)) {
    parts.push(unescape(text.slice(last, match.index)))
    const inside = /^([A-Za-z_]\w*)((?:\.\w+)*)(?::(\w+))?$/.exec(match[1] ?? '')
    if (!inside)
      throw new DefinitionError(
        `"${match[0]}" is not a hole; write \${name} or \${name.path}`,
        path,
        'value',
        match.index,
      )
    const hole = reach(inside[1] ?? '', inside[2] ?? '', scope, path, match.index + 2)
    holes.push(hole.read)
    parts.push({ read: hole.read, flag: inside[3] })
    last = match.index + match[0].length
  }
  const tail = unescape(text.slice(last))
  if (parts.length === 0) return always(tail)
  parts.push(tail)
  return settled((frame) => {
    let out = ''
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as (typeof parts)[number]
      if (typeof part === 'string') {
        out += part
        continue
      }
      const value = part.read(frame)
      if (isAbsent(value)) return undefined
      out += write(value, part.flag)
    }
    return out
  }, holes)
}

function unescape(text: string): string {
  return text.includes('$$') ? text.replaceAll('$$', () => '$') : text
}

export function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
