/**
 * What a wire format says of the provider behind it. Of those that are shipped it is kept in a table, made by `npm run docs`, so that
 * a start need not read them all.
 */
import { readFileSync, statSync } from 'node:fs'
import { pathsOf, type FormatPaths } from './base-url.ts'

/** What a format's definition says of the provider, unless the configuration says otherwise. */
export interface FormatFacts {
  /** Its prompt caches are kept per key. */
  cache_per_key?: boolean
  /** Tokens that it reserves for the answer of a request that sets no maximum. */
  assumes_output?: number
  /** What it puts behind the address. */
  paths: FormatPaths
}

export function factsIn(definition: Record<string, unknown>): FormatFacts {
  return {
    cache_per_key: definition['cache_per_key'] as boolean | undefined,
    assumes_output: definition['assumes_output'] as number | undefined,
    paths: pathsOf(definition),
  }
}

export interface FactsTable {
  /** Bytes of each format's file: one that was changed since is read. */
  sizes: Record<string, number>
  /** By name, with all that the format extends, itself first. */
  formats: Record<string, FormatFacts & { chain: string[] }>
}

/** What is known of a shipped format; undefined where its file is not as it was. */
export function keptFacts(name: string, fileOf: (name: string) => string): FormatFacts | undefined {
  table ??= JSON.parse(readFileSync(new URL('format-facts.json', import.meta.url), 'utf8')) as FactsTable
  const { sizes, formats } = table
  const found = Object.hasOwn(formats, name) ? formats[name] : undefined
  const isAsItWas = found?.chain.every(
    (each) => sizes[each] === statSync(fileOf(each), { throwIfNoEntry: false })?.size,
  )
  return isAsItWas === true ? found : undefined
}

let table: FactsTable | undefined
