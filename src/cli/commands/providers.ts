/** `providers [--live|--all|--json]`: whom the configuration knows, who of them is live, and why the others are not. */
import { loadConfig } from '../../config/load.ts'
import { readCatalogue } from '../../format-tools/catalogue/catalogue.ts'
import { catalogueText } from '../../format-tools/catalogue/catalogue-text.ts'
import { standAside } from '../../app/sandbox-fallback.ts'
import { withPlaceholderKeys } from '../placeholder-env.ts'
import { configFile, readOptions, refuseMore } from '../command-line.ts'

const OPTIONS = {
  config: { type: 'string' },
  all: { type: 'boolean' },
  live: { type: 'boolean' },
  json: { type: 'boolean' },
} as const

export async function run(args: string[]): Promise<number> {
  const { values, positionals } = readOptions(args, OPTIONS)
  // as other commands have it
  refuseMore(positionals, positionals[0] === 'list' ? 1 : 0)
  const file = configFile(values.config)
  const live = standAside(loadConfig(file, process.env))
  const entries = readCatalogue(file, live, loadConfig(file, withPlaceholderKeys(process.env)))
  if (values.json) {
    const shown = values.live ? entries.filter((entry) => entry.live) : entries
    console.log(JSON.stringify(shown, null, 2))
  } else console.log(catalogueText(entries, values.all ? 'all' : values.live ? 'live' : 'short'))
  return 0
}
