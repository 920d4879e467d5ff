/** `providers:` → those that are live, and why the others are not. */
import type { Path } from '../../definition/error.ts'
import { didYouMean } from '../../definition/near-miss.ts'
import type { AddedKeys, ModelInfo, Provider } from '../config.ts'
import { readBaseUrl, withoutOverlap } from '../base-url.ts'
import { readPrefix } from '../../upstream/request/assistant-prefix.ts'
import type { Environment } from '../document/environment.ts'
import type { Formats } from './formats.ts'
import { readAddedKey, readKeys } from './keys.ts'
import { readLimits, readModelLimits, type Written } from './limits.ts'
import { fault, type Fault } from '../problem.ts'
import { amount } from './quantities.ts'

export interface ProviderContext {
  env: Environment
  formats: Formats
  report: (fault: Fault) => void
  /** Hears what is served, but not as it is written. */
  warn: (fault: Fault) => void
  /** Keys that are not of the file, by provider. */
  added: AddedKeys
}

/** A live provider; the reason why it is none; nothing when it is faulty (which was reported). */
export type ProviderOutcome = { provider: Provider } | { reason: string } | undefined

/**
 * @param written checked and filled
 * @param keys as written, before variables were filled
 * @param missing variables that texts of this provider need, beside its keys
 */
export function readProvider(
  name: string,
  written: Written,
  keys: unknown,
  missing: string[],
  context: ProviderContext,
): ProviderOutcome {
  const path: Path = ['providers', name]
  const { env, formats, report, warn, added } = context
  const format = written['format'] as string
  if (missing.length === 0 && !formats.has(format)) {
    report(fault([...path, 'format'], `unknown format ${format}${didYouMean(format, formats.names())}`))
    return undefined
  }
  const found = readKeys(name, keys, written['keys'], env, [...path, 'keys'], report)
  for (const each of Object.hasOwn(added, name) ? (added[name] ?? []) : []) {
    const read = readAddedKey(each)
    if (Array.isArray(read)) continue
    // one that the file has got by now is the file's
    const isKnown = found.keys.some(({ secret }) => JSON.stringify(secret) === JSON.stringify(read.secret))
    if (!isKnown) found.keys.push(read)
  }
  // All of it is read and checked, also when there is no key yet: a fault should not wait for one.
  const limits = readLimits(written['limits'], 'account', [...path, 'limits'], report)
  const models = readModels(written['models'], [...path, 'models'], report)
  const base = missing.length > 0 ? '' : readBaseUrl(written['base_url'] as string, [...path, 'base_url'], report)
  const reason = whyNot(written, missing, found.keys.length, found.missing)
  if (reason !== undefined) return { reason }
  const compiled = formats.compiled(format)
  if (base === undefined || !compiled) return undefined
  const facts = formats.facts(format)
  const provider: Provider = {
    name,
    format: compiled,
    base_url: withoutOverlap(base, format, facts.paths, [...path, 'base_url'], warn),
    headers: (written['headers'] as Record<string, string> | undefined) ?? {},
    weight: (written['weight'] as number | undefined) ?? 1,
    limits,
    keys: found.keys.length > 0 ? found.keys : [{ name: `${name}#1`, secret: '', weight: 1, limits: [] }],
    models,
  }
  if (written['prefix'] !== undefined) provider.prefix = readPrefix(written['prefix'])
  if (written['cache'] === 'auto') provider.cache = 'auto'
  const cachePerKey = (written['cache_per_key'] as boolean | undefined) ?? facts.cache_per_key
  if (cachePerKey !== undefined) provider.cache_per_key = cachePerKey
  const assumes = written['assumes_output'] as number | string | undefined
  const assumed = assumes === undefined ? facts.assumes_output : amount(assumes)
  if (assumed !== undefined) provider.assumes_output = assumed
  if (written['failures_count'] !== undefined) provider.failures_count = written['failures_count'] as boolean
  const prices = written['prices'] as string | boolean | undefined
  if (typeof prices === 'string' || prices === false) provider.prices = prices
  return { provider }
}

function whyNot(written: Written, missing: string[], keys: number, missingKeys: string[]): string | undefined {
  if (missing.length > 0) return `${listed(missing)} not set`
  if (keys > 0 || written['keyless'] === true) return undefined
  if (missingKeys.length > 0) return `no key: ${listed(missingKeys)} not set`
  return 'no key: give it keys, or say keyless: true if it needs none'
}

function listed(names: string[]): string {
  return names.length === 1 ? `${names[0]} is` : `${names.slice(0, -1).join(', ')} and ${names.at(-1)} are`
}

function readModels(written: unknown, path: Path, report: (fault: Fault) => void): Record<string, ModelInfo> {
  if (Array.isArray(written)) return Object.fromEntries((written as string[]).map((name) => [name, {}]))
  return Object.fromEntries(
    Object.entries((written ?? {}) as Record<string, Written | null>).map(([name, info]) => [
      name,
      readModel(info ?? {}, [...path, name], report),
    ]),
  )
}

function readModel(info: Written, path: Path, report: (fault: Fault) => void): ModelInfo {
  const model: ModelInfo = readCapabilities(info)
  if (info['limits'] !== undefined) model.limits = readModelLimits(info['limits'], [...path, 'limits'], report)
  if (info['price'] !== undefined) model.price = info['price'] as ModelInfo['price']
  return model
}

/** Only what is said; what is not known is not held against a route. */
export function readCapabilities(written: Written): ModelInfo {
  const found: ModelInfo = {}
  for (const name of ['tools', 'vision', 'json_schema'] as const) {
    if (written[name] !== undefined) found[name] = written[name] as boolean
  }
  for (const name of ['context', 'max_output'] as const) {
    if (written[name] !== undefined) found[name] = amount(written[name] as number | string)
  }
  return found
}
