/** `probe [PROVIDER[/MODEL]]`: does each key work? One tiny request with each, and what the answers say of limits. */
import type { Provider } from '../../config/config.ts'
import { loadConfig } from '../../config/load.ts'
import { firstChat } from '../../config/sections/model-purpose.ts'
import { probeKey } from '../../format-tools/live/probe-key.ts'
import { table } from '../../format-tools/catalogue/table.ts'
import { standAside, startProvider } from '../../app/sandbox-fallback.ts'
import { configFile, readOptions, refuseMore } from '../command-line.ts'
import { findLive } from '../find-live.ts'

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, { config: { type: 'string' }, json: { type: 'boolean' } })
  refuseMore(positionals, 1)
  const [wanted] = positionals
  const config = loadConfig(configFile(values.config), process.env)
  const [name = '', ...rest] = (wanted ?? '').split('/')
  const providers = wanted === undefined ? standAside(config).providers : [findLive(config, name)]
  const rows: string[][] = []
  let failed = 0
  for (const provider of providers) {
    for (const { row, ok } of await probeKeys(provider, rest.join('/') || undefined)) {
      rows.push(row)
      if (!ok) failed++
    }
  }
  if (values.json) {
    const [names, ok] = [
      ['key', 'model', 'status', 'took', 'said'] as const,
      (row: string[]): boolean => row[2] === 'ok',
    ]
    const told = rows.map((row) => ({ ...Object.fromEntries(names.map((each, at) => [each, row[at]])), ok: ok(row) }))
    console.log(JSON.stringify(told, null, 2))
    return failed === 0 ? 0 : 1
  }
  console.log(table(['key', 'model', '', 'took', 'says of limits, or what is wrong'], rows))
  console.log(
    failed === 0
      ? `\n${rows.length === 1 ? 'the key works' : `all ${rows.length} keys work`}`
      : `\n${failed} of ${rows.length} keys do not work`,
  )
  return failed === 0 ? 0 : 1
}

async function probeKeys(given: Provider, model: string | undefined): Promise<{ row: string[]; ok: boolean }[]> {
  const asked = model ?? firstChat(Object.keys(given.models))
  if (asked === undefined) {
    return [{ row: [given.name, '', 'FAIL', '', 'it lists no model: name one, PROVIDER/MODEL'], ok: false }]
  }
  const { provider, close } = await startProvider(given)
  try {
    const results = provider.keys.map(async ({ name, secret }) => {
      const { ok, ms, limits, why } = await probeKey(provider, asked, secret)
      return { row: [name, asked, ok ? 'ok' : 'FAIL', `${ms} ms`, why ?? limits ?? ''], ok }
    })
    return await Promise.all(results)
  } finally {
    await close()
  }
}
