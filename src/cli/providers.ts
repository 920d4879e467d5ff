/** `providers [--live|--all|--json]`: whom the configuration knows, who of them is live, and why the others are not. */
import { loadConfig } from '../config/load.ts'
import { readCatalogue } from '../kit/catalogue.ts'
import { catalogueText } from '../kit/catalogue-text.ts'
import { standAside } from '../standby.ts'
import { withEveryKey } from './every-key.ts'
import { configFile, readOptions } from './usage.ts'

const OPTIONS = {
  config: { type: 'string' },
  all: { type: 'boolean' },
  live: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values } = readOptions(args, OPTIONS)
  const file = configFile(values.config)
  const live = standAside(loadConfig(file, process.env))
  const entries = readCatalogue(file, live, loadConfig(file, withEveryKey(process.env)))
  if (values.json) {
    const shown = values.live ? entries.filter((entry) => entry.live) : entries
    console.log(JSON.stringify(shown, null, 2))
  } else console.log(catalogueText(entries, values.all ? 'all' : values.live ? 'live' : 'short'))
  return 0
}
