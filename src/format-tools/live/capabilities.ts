/** What the probes showed of a model, as the catalogue says it, and written into the catalogue's own text. */
import { isMap, isScalar, type Pair, type YAMLMap } from 'yaml'
import type { Source } from '../../config/document/source.ts'
import type { Exchange } from './exchange.ts'

export type Measured = Partial<Record<'tools' | 'vision' | 'json_schema', boolean>>

/** Kinds of errors that say that the model cannot; any other fault says nothing of it. */
const CANNOT = new Set(['invalid_request', 'unsupported', 'unprocessable', 'not_found'])

export function measured(exchanges: Exchange[]): Measured {
  const found: Measured = {}
  for (const { probe, told, faults } of exchanges) {
    if (!probe.shows) continue
    const error = told['error'] as { kind?: string } | undefined
    if (faults.length === 0) found[probe.shows] = true
    else if (!error || CANNOT.has(error.kind ?? '')) found[probe.shows] = false
  }
  return found
}

/** The file's text with the measured values in it; everything else, comments too, stays as it is. */
export function withCapabilities(source: Source, provider: string, model: string, found: Measured): string {
  const models = source.document.getIn(['providers', provider, 'models'])
  if (!isMap(models)) throw new Error(`providers.${provider} has no map of models to write to`)
  const pair = models.items.find(({ key }) => isScalar(key) && key.value === model)
  const edits = pair ? edited(source, pair, found) : [added(source, models, model, found)]
  // from the end, so that offsets stay true; those at one place in their order
  return edits
    .toReversed()
    .sort((a, b) => b.from - a.from)
    .reduce((text, { from, to, text: put }) => text.slice(0, from) + put + text.slice(to), source.text)
}

interface Edit {
  from: number
  to: number
  text: string
}

function edited(source: Source, { key, value }: Pair, found: Measured): Edit[] {
  if (!isMap(value)) {
    const range = isScalar(value) && value.range ? value.range : undefined
    const end = isScalar(key) ? (key.range?.[1] ?? 0) : 0
    if (range && range[1] > range[0]) return [{ from: range[0], to: range[1], text: flow(found) }]
    return [{ from: end + 1, to: end + 1, text: ` ${flow(found)}` }]
  }
  return Object.entries(found).map(([name, can]) => {
    const known = value.items.find((each) => isScalar(each.key) && each.key.value === name)
    if (known && isScalar(known.value) && known.value.range)
      return { from: known.value.range[0], to: known.value.range[1], text: String(can) }
    const first = startOf(value)
    const gap = value.flow ? ', ' : `\n${' '.repeat(columnOf(source, first))}`
    return { from: first, to: first, text: `${name}: ${can}${gap}` }
  })
}

/** A model that the file does not know goes before the first. */
function added(source: Source, models: YAMLMap, model: string, found: Measured): Edit {
  const first = startOf(models)
  const name = /^[A-Za-z][\w./-]*$/.test(model) ? model : JSON.stringify(model)
  const gap = models.flow ? ', ' : `\n${' '.repeat(columnOf(source, first))}`
  return { from: first, to: first, text: `${name}: ${flow(found)}${gap}` }
}

function flow(found: Measured): string {
  return `{ ${Object.entries(found)
    .map(([name, can]) => `${name}: ${can}`)
    .join(', ')} }`
}

function startOf(map: YAMLMap): number {
  const key: unknown = map.items[0]?.key
  return isScalar(key) && key.range ? key.range[0] : (map.range?.[0] ?? 0) + 1
}

function columnOf({ lines }: Source, offset: number): number {
  return lines.linePos(offset).col - 1
}
