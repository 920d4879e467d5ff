/** The page of all formats and providers, from the YAML itself, as Markdown. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeLimit } from '../../config/describe.ts'
import { shippedNames } from '../../config/sections/formats.ts'
import { readSource } from '../../config/document/read-source.ts'
import { isMap } from '../../definition/scope.ts'
import type { CatalogueEntry } from './catalogue.ts'

export function providersPage(formats: string, entries: CatalogueEntry[]): string {
  const names = shippedNames().sort()
  return `# Formats and providers

Made by \`npm run docs\` from \`src/formats/*.yaml\` and \`providers.yaml\`; a test holds it to them.

Use your own keys, one account for each provider, and mind each provider's terms: many forbid several accounts of one
person. \`balanced-call providers\` says who is live on your machine, and why the others are not.

## ${names.length} wire formats

A format that extends another says its differences only. How to write one: [WIRE-FORMATS.md](WIRE-FORMATS.md).

${markdownTable(
  ['format', 'extends', 'stream', 'signs with', 'documentation'],
  names.map((name) => formatRow(formats, name)),
)}

## ${entries.length} providers

Live as soon as the variables are set. Limits are those of free plans, with where they are from; what a provider says of
its limits in its answers goes before them.

${markdownTable(['provider', 'live with', 'format', 'models', 'limits', 'source of the limits'], entries.map(providerRow))}
`
}

function formatRow(folder: string, name: string): string[] {
  const file = join(folder, `${name}.yaml`)
  const definition = readSource(file).value as Record<string, unknown>
  return [
    `[${name}](../src/formats/${name}.yaml)`,
    typeof definition['extends'] === 'string' ? definition['extends'] : '',
    inherited(folder, name, (each) => (isMap(each['stream']) ? each['stream']['framing'] : undefined)),
    inherited(folder, name, (each) => each['auth']),
    documentation(readFileSync(file, 'utf8')),
  ]
}

/** What a definition says of it, or else what it extends. */
function inherited(folder: string, name: string, find: (definition: Record<string, unknown>) => unknown): string {
  const definition = readSource(join(folder, `${name}.yaml`)).value as Record<string, unknown>
  const found = find(definition)
  if (found !== undefined) return componentName(found)
  const parent = definition['extends']
  return typeof parent === 'string' ? inherited(folder, parent, find) : ''
}

/** The first link of the comment at the top that is no pattern of an address. */
function documentation(text: string): string {
  const head = text.split('\n').filter((line) => line.startsWith('#'))
  const links = [...head.join('\n').matchAll(/https?:\/\/[^\s,;]+/g)].map(([link]) => link.replace(/[.)]+$/, ''))
  const link = links.find((each) => !/^https:\/\/[^/]*[A-Z]|\/[A-Z]+$/.test(each) && /\/\/[^/]+\/./.test(each))
  return link === undefined ? '' : `<${link}>`
}

function componentName(node: unknown): string {
  if (typeof node === 'string') return node
  return isMap(node) ? (Object.keys(node)[0] ?? '') : ''
}

function providerRow({ name, variables, format, models, limits, source, checked, notes }: CatalogueEntry): string[] {
  const link = notes.map((note) => /^(https?:\/\/[^\s,]+)/.exec(note)?.[1]).find(Boolean)
  const limited = Object.entries(models).filter(([, model]) => model.limits?.length)
  const told = [
    ...limits.map(describeLimit),
    ...groups(limited.map(([model, info]) => [model, (info.limits ?? []).map(describeLimit).join(', ')])),
  ]
  return [
    link === undefined ? name : `[${name}](${link})`,
    variables.map((variable) => `\`${variable}\``).join(' ') || 'nothing',
    format,
    Object.keys(models)
      .map((model) => `\`${model}\``)
      .join(' '),
    told.join('<br>'),
    source === undefined ? '' : `${source.replaceAll(/https?:\/\/[^\s;,)]+/g, '<$&>')} (checked ${checked})`,
  ]
}

/** Models that have the same limits share a line. */
function groups(pairs: [model: string, limits: string][]): string[] {
  const byLimits = Map.groupBy(pairs, ([, limits]) => limits)
  return [...byLimits].map(([limits, models]) => `${models.map(([model]) => `\`${model}\``).join(' ')}: ${limits}`)
}

function markdownTable(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
