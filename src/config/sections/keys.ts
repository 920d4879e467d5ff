/** `keys:` of a provider as written → its live keys, and why others are not. */
import type { Path } from '../../definition/error.ts'
import { withoutEdges, wrongKey } from './key-text.ts'
import { nearMiss } from '../../definition/near-miss.ts'
import type { AddedKey, ProviderKey } from '../config.ts'
import { fillText, isReference, type Environment } from '../document/environment.ts'
import { readLimits, type Written } from './limits.ts'
import { fault, type Fault } from '../problem.ts'
import { unknownKey } from '../schema-message.ts'

type Secret = ProviderKey['secret']

export interface Keys {
  keys: ProviderKey[]
  /** Variables that would have given further keys. */
  missing: string[]
}

/** @returns the key, or what is wrong with it */
export function readAddedKey({ name, written }: AddedKey): ProviderKey | Fault[] {
  const faults: Fault[] = []
  const report = (found: Fault): void => void faults.push(found)
  const literal = typeof written.key === 'string' ? asLiteral(written.key) : written.key
  const parts =
    typeof literal === 'string'
      ? literal
      : Object.fromEntries(Object.entries(literal).map(([part, text]) => [part, asLiteral(text)]))
  const { keys } = readKeys('', [{ ...written, key: parts }], [written], {}, [], report)
  const [key] = keys
  if (faults.length > 0) return faults.map((each) => ({ ...each, path: each.path.slice(1) }))
  return key ? { ...key, name } : [fault(['key'], 'it is empty')]
}

/** What looks like a variable is part of the key. */
function asLiteral(text: string): string {
  return text.replaceAll('${', () => '$${')
}

const BESIDE = ['key', 'weight', 'account', 'limits']

/**
 * @param written as in the file, before variables were filled: only a variable's value is cut at commas
 * @param filled the same with variables filled, for what stands beside a key
 */
export function readKeys(
  provider: string,
  written: unknown,
  filled: unknown,
  env: Environment,
  path: Path,
  report: (fault: Fault) => void,
): Keys {
  const keys: ProviderKey[] = []
  const missing: string[] = []
  const seen = new Set<string>()
  const list = Array.isArray(written) ? written : written === undefined ? [] : [written]
  for (const [index, item] of list.entries()) {
    const at = Array.isArray(written) ? [...path, index] : path
    const entry = normalEntry(item, at, report)
    if (!entry) continue
    const beside = besideKey(Array.isArray(filled) ? filled[index] : filled)
    const limits = readLimits(beside.limits, 'key', [...at, 'limits'], report)
    for (const secret of readSecrets(entry.secret, env, entry.path, missing, report)) {
      // The same key twice would count its limits twice.
      const id = JSON.stringify(secret)
      if (seen.has(id)) continue
      seen.add(id)
      const key: ProviderKey = { name: `${provider}#${keys.length + 1}`, secret, weight: beside.weight ?? 1, limits }
      if (beside.account !== undefined) key.account = beside.account
      keys.push(key)
    }
  }
  return { keys, missing: [...new Set(missing)] }
}

interface Beside {
  weight?: number
  account?: string
  limits?: unknown
}

function besideKey(filled: unknown): Beside {
  return typeof filled === 'object' && filled !== null ? filled : {}
}

interface Entry {
  secret: string | Record<string, string>
  path: Path
}

function normalEntry(item: unknown, path: Path, report: (fault: Fault) => void): Entry | undefined {
  if (typeof item === 'string') return { secret: item, path }
  const { key, weight, account, limits: _limits, ...parts } = item as Written
  if (key !== undefined) return { secret: key as Entry['secret'], path: [...path, 'key'] }
  // A compound credential has several parts; one alone is a misspelt `key:`.
  const [first, ...more] = Object.keys(parts)
  if (first === undefined) {
    report(fault(path, 'key is missing', 'key'))
    return undefined
  }
  if (more.length === 0 && (nearMiss(first, BESIDE) !== undefined || account !== undefined || weight !== undefined)) {
    report(fault([...path, first], unknownKey(first, BESIDE), 'key'))
    return undefined
  }
  return { secret: parts as Record<string, string>, path }
}

function readSecrets(
  written: Entry['secret'],
  env: Environment,
  path: Path,
  missing: string[],
  report: (fault: Fault) => void,
): Secret[] {
  if (typeof written !== 'string') {
    const parts = readParts(written, env, missing)
    return parts ? [parts] : []
  }
  const filled = fillText(written, env)
  if (filled.missing.length > 0) {
    missing.push(...filled.missing)
    return []
  }
  const value = withoutEdges(filled.value)
  if (value === '') return []
  const compound = jsonParts(value)
  if (compound) return [compound]
  const texts = isReference(written) ? value.split(',').map(withoutEdges) : [value]
  return texts.filter((text) => {
    const wrong = text === '' ? undefined : wrongKey(text)
    if (wrong !== undefined) report(fault(path, wrong))
    return text !== '' && wrong === undefined
  })
}

/** Parts that are empty are left out: a session token is there or not. */
function readParts(
  written: Record<string, string>,
  env: Environment,
  missing: string[],
): Record<string, string> | undefined {
  const parts: Record<string, string> = {}
  let complete = true
  for (const [name, text] of Object.entries(written)) {
    const filled = fillText(text, env)
    missing.push(...filled.missing)
    if (filled.missing.length > 0) complete = false
    else if (filled.value.trim() !== '') parts[name] = filled.value.trim()
  }
  return complete && Object.keys(parts).length > 0 ? parts : undefined
}

/** A service account's JSON, as it is downloaded, may be the value of one variable. */
function jsonParts(value: string): Record<string, string> | undefined {
  if (!value.startsWith('{')) return undefined
  try {
    const parsed: unknown = JSON.parse(value)
    const entries = Object.entries(parsed as Record<string, unknown>).filter(([, part]) => typeof part === 'string')
    return entries.length > 0 ? (Object.fromEntries(entries) as Record<string, string>) : undefined
  } catch {
    return undefined
  }
}
