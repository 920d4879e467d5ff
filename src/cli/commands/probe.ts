/** `probe [PROVIDER[/MODEL]]`: does each key work? One tiny request with each, and what the answers say of limits. */
import type { Provider } from '../../config/config.ts'
import { describeLimit } from '../../config/describe.ts'
import { loadConfig } from '../../config/load.ts'
import { exchange, type Exchange } from '../../format-tools/live/exchange.ts'
import type { Probe } from '../../format-tools/live/probes.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import { standAside } from '../../app/sandbox-fallback.ts'
import { proxyOf } from '../../upstream/http/connection-pools.ts'
import { createClient } from '../../upstream/http/client.ts'
import { startProvider } from './test-live.ts'
import { configFile, readOptions, refuseMore, UsageError } from '../command-line.ts'

/** Enough for a word also where a model thinks first. */
const TINY: Probe = {
  name: 'tiny',
  body: { messages: [{ role: 'user', content: 'Say: hi' }], max_tokens: 64 },
  judge: ({ error }) => (error ? String(Object(error).message) : undefined),
}

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { config: { type: 'string' } })
  refuseMore(positionals, 1)
  const [wanted] = positionals
  const config = standAside(loadConfig(configFile(values.config), process.env))
  const [name, ...rest] = (wanted ?? '').split('/')
  const providers = config.providers.filter((provider) => wanted === undefined || provider.name === name)
  if (providers.length === 0) throw new UsageError(`${name} is not live; \`balanced-call providers\` says why`)
  const rows: string[][] = []
  let failed = 0
  for (const provider of providers) {
    for (const { row, ok } of await probeKeys(provider, rest.join('/') || undefined)) {
      rows.push(row)
      if (!ok) failed++
    }
  }
  console.log(table(['key', 'model', '', 'took', 'says of limits, or what is wrong'], rows))
  console.log(failed === 0 ? `\nall ${rows.length} keys work` : `\n${failed} of ${rows.length} keys do not work`)
  return failed === 0 ? 0 : 1
}

async function probeKeys(given: Provider, model: string | undefined): Promise<{ row: string[]; ok: boolean }[]> {
  const asked = model ?? Object.keys(given.models)[0]
  if (asked === undefined) {
    return [{ row: [given.name, '', 'FAIL', '', 'it lists no model: name one, PROVIDER/MODEL'], ok: false }]
  }
  const { provider, close } = await startProvider(given)
  const client = createClient({ proxy: proxyOf(process.env) })
  try {
    const results = provider.keys.map(async ({ name, secret }) => {
      const found = await exchange(TINY, provider, asked, secret, client)
      const ok = found.faults.length === 0
      const said = ok ? limitsIn(found) : [...new Set(found.faults)].join('; ').slice(0, 160)
      return { row: [name, asked, ok ? 'ok' : 'FAIL', `${found.milliseconds} ms`, said], ok }
    })
    return await Promise.all(results)
  } finally {
    await client.destroy()
    await close()
  }
}

function limitsIn({ signals }: Exchange): string {
  return signals
    .filter(({ limit }) => limit !== undefined)
    .map(({ metric, limit = 0, period = 0, remaining }) => {
      const left = remaining === undefined ? '' : ` (${remaining} left)`
      return describeLimit({ metric, amount: limit, period }) + left
    })
    .join(', ')
}
