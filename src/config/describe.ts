/** What a configuration amounts to, as a table for people. Keys are named, never shown. */
import type { LimitSpec } from '../scheduler/types.ts'
import type { Config, Provider, PublicModel } from './config.ts'

const PERIODS: [milliseconds: number, name: string][] = [
  [30 * 86_400_000, 'month'],
  [7 * 86_400_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1000, 'second'],
]

export function describeConfig(config: Config): string {
  const parts = [
    table(['provider', 'format', 'keys', 'models', 'limits'], config.providers.map(providerRow)),
    table(['model', 'served by', 'limits'], config.models.map(modelRow)),
    table(
      ['left out', 'why'],
      config.leftOut.map(({ name, reason }) => [name, reason]),
    ),
  ]
  const counts = [
    counted(config.providers.length, 'provider'),
    counted(
      config.providers.reduce((sum, { keys }) => sum + keys.length, 0),
      'key',
    ),
    counted(config.models.length, 'model'),
  ]
  return [`${config.file}: ${counts.join(', ')}`, ...parts.filter((part) => part !== '')].join('\n\n')
}

/** The same for programs: names, counts and limits in words; no key. */
export function configFacts({ providers, models, leftOut }: Config): object {
  return {
    providers: providers.map(({ name, format, base_url, keys, models: known, limits }) => ({
      name,
      format: format.name,
      base_url,
      keys: keys.map((key) => key.name),
      models: Object.keys(known),
      limits: limits.map(describeLimit),
    })),
    models: models.map(({ model, routes, limits }) => ({
      model,
      routes: routes.map((route) => `${route.provider}/${route.model}`),
      limits: limits.map(describeLimit),
    })),
    left_out: leftOut,
  }
}

function providerRow(provider: Provider): string[] {
  const keyless = provider.keys.every(({ secret }) => secret === '')
  const models = Object.keys(provider.models)
  const ofModels = models.filter((model) => provider.models[model]?.limits).length
  const ofKeys = provider.keys.filter(({ limits }) => limits.length > 0).length
  const limits = [
    ...provider.limits.map(describeLimit),
    ...(ofModels > 0 ? [`of ${counted(ofModels, 'model')}`] : []),
    ...(ofKeys > 0 ? [`of ${counted(ofKeys, 'key')}`] : []),
  ]
  return [
    provider.name,
    provider.format.name,
    keyless ? 'none needed' : String(provider.keys.length),
    few(models),
    limits.join(', '),
  ]
}

function modelRow({ model, routes, limits }: PublicModel): string[] {
  return [model, few(routes.map((route) => `${route.provider}/${route.model}`)), limits.map(describeLimit).join(', ')]
}

/** `30 requests per minute`, `1000 requests per day from 00:00 America/Los_Angeles`. */
export function describeLimit({ metric, amount, period, resets }: LimitSpec): string {
  if (metric === 'concurrency') return `${amount} at once`
  const what = metric === 'input' || metric === 'output' || metric === 'uncached' ? `${metric} tokens` : metric
  const [, name] = PERIODS.find(([milliseconds]) => milliseconds === period) ?? []
  const from = resets ? ` from ${resets.at} ${resets.zone}` : ''
  return `${amount} ${what} per ${name ?? `${period / 1000} s`}${from}`
}

function few(names: string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function table(head: string[], rows: string[][]): string {
  if (rows.length === 0) return ''
  const all = [head, ...rows]
  const widths = head.map((_, column) => all.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
