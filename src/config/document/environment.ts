/** Fills `${NAME}` and `${NAME:-default}` in the texts of the file; `$${` stands for `${`. */
import type { Path } from '../../definition/error.ts'

export type Environment = Record<string, string | undefined>

const REFERENCE = /\$(\$\{)|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g
const WHOLE = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}$/

export interface Filled {
  value: string
  /** Variables that the text needs and that are not set (or empty), without a default. */
  missing: string[]
}

/** As in a shell, an empty variable counts as not set. */
export function fillText(text: string, env: Environment): Filled {
  const missing: string[] = []
  const value = text.replace(REFERENCE, (_all, escaped?: string, name = '', otherwise?: string) => {
    if (escaped !== undefined) return escaped
    const found = env[name]
    if (found !== undefined && found !== '') return found
    if (otherwise === undefined) missing.push(name)
    return otherwise ?? ''
  })
  return { value, missing }
}

/** Is the text one variable and nothing else? Then its value may be a list. */
export function isReference(text: string): boolean {
  return WHOLE.test(text)
}

export interface Gap {
  path: Path
  names: string[]
}

/** A copy with every text filled; what could not be filled is reported, and paths whose text came from a variable. */
export function fillValue(value: unknown, env: Environment, path: Path, gaps: Gap[], filled: Set<string>): unknown {
  if (typeof value === 'string') {
    if (!value.includes('${')) return value
    const { value: text, missing } = fillText(value, env)
    if (missing.length > 0) gaps.push({ path, names: missing })
    filled.add(pointer(path))
    return text
  }
  if (Array.isArray(value)) return value.map((item, index) => fillValue(item, env, [...path, index], gaps, filled))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, fillValue(item, env, [...path, key], gaps, filled)]),
  )
}

/** A path as a JSON pointer. */
export function pointer(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

/** A JSON pointer as a path; the steps stay text. */
export function pathOf(jsonPointer: string): string[] {
  return jsonPointer === ''
    ? []
    : jsonPointer
        .slice(1)
        .split('/')
        .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}
