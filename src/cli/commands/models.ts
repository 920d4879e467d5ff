/** `models [--refresh PROVIDER]`: the models that clients may name, and what is known of them; or what their vendor says. */
import type { Config, ModelInfo, Provider } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { GatewayError } from '../../chat/error.ts'
import { compareModels, type Comparison } from '../../format-tools/catalogue/compare-models.ts'
import { modelRows, type ModelRow } from '../../format-tools/catalogue/model-rows.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import { askModels } from '../../format-tools/live/ask-models.ts'
import { createClient } from '../../upstream/http/client.ts'
import { proxyOf } from '../../upstream/http/connection-pools.ts'
import type { ListedModel } from '../../upstream/types.ts'
import { standAside, startProvider } from '../../app/sandbox-fallback.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'
import { findLive } from '../find-live.ts'

const OPTIONS = {
  config: { type: 'string' },
  refresh: { type: 'string' },
  json: { type: 'boolean' },
} as const

/** New models that a person is shown at most; with --json all are told. */
const MOST_SHOWN = 40

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  // as other commands have it
  refuseMore(positionals, positionals[0] === 'list' ? 1 : 0)
  const config = loadConfig(configFile(values.config), process.env)
  if (values.refresh !== undefined) return refresh(values.refresh, config, values.json ?? false)
  const rows = modelRows(standAside(config))
  console.log(values.json ? JSON.stringify(rows, null, 2) : rowsText(rows))
  return 0
}

/** 0: all that the configuration names is still there, and as it says. */
async function refresh(name: string, config: Config, json: boolean): Promise<number> {
  const provider = findLive(config, name)
  const listed = await listOf(provider)
  const known = knownModels(provider, config)
  const found = compareModels(known, listed, provider.format.traits)
  console.log(
    json
      ? JSON.stringify({ provider: name, ...found, listed }, null, 2)
      : comparisonText(name, found, listed.length, Object.keys(known).length),
  )
  return found.gone.length + found.ending.length + found.wrong.length === 0 ? 0 : 1
}

/** By the first key that the vendor gives it to. */
async function listOf(given: Provider): Promise<ListedModel[]> {
  const { provider, close } = await startProvider(given)
  const client = createClient({ proxy: proxyOf(process.env) })
  let why = ''
  try {
    for (const { name, secret } of provider.keys) {
      try {
        return await askModels(provider, secret, client)
      } catch (cause) {
        if (!(cause instanceof GatewayError)) throw cause
        why = `${name}: ${cause.message}`
      }
    }
  } finally {
    await client.destroy()
    await close()
  }
  throw new UsageError(`${given.name} does not tell its models: ${why}`)
}

/** Those that it lists, and those that public models are routed to. */
function knownModels(provider: Provider, config: Config): Record<string, ModelInfo> {
  const routed = config.models.flatMap(({ routes }) => routes.filter((route) => route.provider === provider.name))
  return { ...Object.fromEntries(routed.map(({ model }) => [model, {}])), ...provider.models }
}

function rowsText(rows: ModelRow[]): string {
  const lines = rows.flatMap(({ model, routes }) =>
    routes.map(({ provider, model: upstream, context, max_output, can, traits }, i) => {
      // flags are for programs
      const told = Object.entries(traits).filter(([, value]) => typeof value === 'string' || typeof value === 'number')
      return [
        i === 0 ? model : '',
        model === `${provider}/${upstream}` ? '' : `${provider}/${upstream}`,
        context === undefined ? '' : String(context),
        max_output === undefined ? '' : String(max_output),
        can.join(' '),
        told.map(([name, value]) => `${name} ${String(value)}`).join(', '),
      ]
    }),
  )
  return `${table(['model', 'served by', 'context', 'max output', 'can', 'guessed by its name'], lines)}

${rows.length} models; what their vendors say of them: balanced-call models --refresh PROVIDER`
}

function comparisonText(name: string, found: Comparison, listed: number, known: number): string {
  const { gone, ending, fresh, wrong } = found
  const shown = fresh.slice(0, MOST_SHOWN)
  const parts = [
    gone.length > 0 ? `not listed any more:\n${gone.map((model) => `  ${model}`).join('\n')}` : '',
    table(
      ['ending', '', 'on'],
      ending.map(({ model, lifecycle = '', retires = '' }) => [model, lifecycle, retires]),
    ),
    table(
      ['otherwise than here', '', 'here', 'the vendor says'],
      wrong.map(({ model, what, ours, theirs }) => [model, what, String(ours ?? 'nothing'), String(theirs)]),
    ),
    shown.length > 0
      ? `new:\n${shown.map((model) => `  ${model}`).join('\n')}${fresh.length > shown.length ? `\n  and ${fresh.length - shown.length} more: --json` : ''}`
      : '',
  ]
  const count = `${name} lists ${listed} models; ${known} are known here: ${gone.length} gone, ${ending.length} ending, ${wrong.length} facts differ, ${fresh.length} new`
  return [...parts.filter((part) => part !== ''), count].join('\n\n')
}
