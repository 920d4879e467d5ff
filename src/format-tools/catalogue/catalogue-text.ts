/** The catalogue as tables for people. */
import type { ModelInfo } from '../../config/config.ts'
import { describeLimit } from '../../config/describe.ts'
import type { CatalogueEntry } from './catalogue.ts'
import { table } from './table.ts'

export type Extent = 'short' | 'live' | 'all'

/** `short`: who is live, and why others are not; `live`: the live ones with their models; `all`: every one with them. */
export function catalogueText(entries: CatalogueEntry[], extent: Extent): string {
  const live = entries.filter((entry) => entry.live)
  const others = entries.filter((entry) => !entry.live)
  const shown = extent === 'all' ? entries : live
  const parts =
    extent === 'short'
      ? [
          table(['live', 'format', 'keys', 'models', 'limits'], live.map(liveRow)),
          table(
            ['not live', 'why'],
            others.map(({ name, why }) => [name, why ?? '']),
          ),
        ]
      : shown.map(detailed)
  const count = `${live.length} of ${entries.length} providers are live`
  const more = extent === 'short' ? '; --live shows their models and limits, --all those of all others' : ''
  return [...parts.filter((part) => part !== ''), count + more].join('\n\n')
}

function liveRow({ name, format, keys, models, limits }: CatalogueEntry): string[] {
  const ofModels = Object.values(models).filter((model) => model.limits?.length).length
  const all = [...limits.map(describeLimit), ...(ofModels > 0 ? [`of ${ofModels} models`] : [])]
  return [name, format, String(keys), String(Object.keys(models).length), all.join(', ') || 'as its answers say']
}

function detailed(entry: CatalogueEntry): string {
  const { name, live, why, format, base_url, notes, limits, source, checked, models } = entry
  const lines = [
    `${name}: ${live ? 'live' : `not live, ${why ?? 'left out'}`}`,
    `  format ${format}, ${base_url}`,
    ...notes.map((note) => `  ${note}`),
    ...(limits.length > 0 ? [`  limits: ${limits.map(describeLimit).join(', ')}`] : []),
    ...(source === undefined ? [] : [`  source: ${source}, checked ${checked}`]),
  ]
  const rows = Object.entries(models).map(([model, info]) => [`  ${model}`, ...modelCells(info)])
  return [...lines, ...(rows.length > 0 ? [table(['  model', 'can', 'context', 'price', 'limits'], rows)] : [])].join(
    '\n',
  )
}

/** What it can, its context, dollars for a million tokens in and out, its limits. */
function modelCells({ tools, vision, json_schema, context, price, limits }: ModelInfo): string[] {
  const can = [tools && 'tools', vision && 'vision', json_schema && 'json_schema'].filter(Boolean).join(' ')
  return [
    can,
    context === undefined ? '' : tokens(context),
    price ? `$${price.input} / $${price.output}` : '',
    (limits ?? []).map(describeLimit).join(', '),
  ]
}

function tokens(count: number): string {
  return count >= 1_000_000 ? `${Math.round(count / 100_000) / 10}M` : `${Math.round(count / 1000)}k`
}
