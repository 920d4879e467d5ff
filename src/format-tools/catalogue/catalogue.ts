/** All that a configuration's file says of its providers, live or not: limits, models, and the comments that give sources. */
import { isMap as isYamlMap, isScalar } from 'yaml'
import type { Config, ModelInfo } from '../../config/config.ts'
import { readSource } from '../../config/document/read-source.ts'
import type { Source } from '../../config/document/source.ts'
import type { LimitSpec } from '../../scheduler/types.ts'

export interface CatalogueEntry {
  name: string
  live: boolean
  /** Why it is not live. */
  why?: string
  format: string
  /** As written. */
  base_url: string
  /** How many keys it has here. */
  keys: number
  /** Environment variables that it cannot do without. */
  variables: string[]
  models: Record<string, ModelInfo>
  limits: LimitSpec[]
  /** The comments above it; the first is often a link. */
  notes: string[]
  /** Where its limits are from, and the day on which somebody looked. */
  source?: string
  checked?: string
}

interface Written {
  format: string
  base_url: string
  keys?: unknown
}

/**
 * @param live the configuration as it is here
 * @param complete the same with every variable set, for what is not live
 */
export function readCatalogue(file: string, live: Config, complete: Config): CatalogueEntry[] {
  const source = readSource(file)
  const written = (source.value as { providers?: Record<string, Written> }).providers ?? {}
  return Object.entries(written).map(([name, provider]) => {
    const here = live.providers.find((each) => each.name === name)
    const whole = complete.providers.find((each) => each.name === name)
    const entry: CatalogueEntry = {
      name,
      live: here !== undefined,
      format: provider.format,
      base_url: provider.base_url,
      keys: here?.keys.length ?? 0,
      variables: variablesOf(provider),
      models: whole?.models ?? {},
      limits: whole?.limits ?? [],
      ...commentsOf(source, name),
    }
    if (!here) entry.why = live.leftOut.find((each) => each.name === name)?.reason
    return entry
  })
}

/** Those that stand without a default. */
function variablesOf({ keys, base_url }: Written): string[] {
  const text = JSON.stringify([keys, base_url])
  return [...new Set([...text.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*)\}/g)].map((match) => match[1] ?? ''))]
}

function commentsOf(source: Source, name: string): Pick<CatalogueEntry, 'notes' | 'source' | 'checked'> {
  const range = rangeOf(source, name)
  if (!range) return { notes: [] }
  const above = source.text.slice(0, range.start).split('\n').slice(0, -1)
  const from = above.findLastIndex((line) => !/^\s*#/.test(line)) + 1
  const notes = above.slice(from).map(uncommented)
  const told = /#\s*source: ([^]*?)\n\s*#\s*checked: (\S+)/.exec(source.text.slice(range.start, range.end))
  if (!told) return { notes }
  const lines = (told[1] ?? '').split('\n').map(uncommented)
  return { notes, source: lines.join(' '), checked: told[2] }
}

function uncommented(line: string): string {
  return line.replace(/^\s*#\s*/, '').trim()
}

function rangeOf({ document }: Source, name: string): { start: number; end: number } | undefined {
  const providers = document.get('providers')
  if (!isYamlMap(providers)) return undefined
  const pair = providers.items.find(({ key }) => isScalar(key) && key.value === name)
  const key = isScalar(pair?.key) ? pair.key.range : undefined
  const value = isYamlMap(pair?.value) ? pair.value.range : undefined
  return key && value ? { start: key[0], end: value[2] } : undefined
}
