/** The pages that are made from YAML and schemas, and the table that a start reads instead of them, as they should be. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
import { readShippedFacts } from '../../src/config/sections/formats.ts'
import { readCatalogue } from '../../src/format-tools/catalogue/catalogue.ts'
import { configurationPage } from '../../src/format-tools/catalogue/configuration-page.ts'
import { providersPage } from '../../src/format-tools/catalogue/providers-page.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const CATALOGUE = path('../../providers.yaml')

function freshProviders(): string {
  const entries = readCatalogue(CATALOGUE, loadConfig(CATALOGUE, {}), loadConfig(CATALOGUE, withPlaceholderKeys({})))
  return providersPage(path('../../src/formats'), entries)
}

function freshConfiguration(): string {
  const schema = readFileSync(path('../../src/config/providers.schema.json'), 'utf8')
  return configurationPage(JSON.parse(schema) as object)
}

/** A line for each format, so that a difference shows whose it is. */
function freshFacts(): string {
  const { sizes, formats } = readShippedFacts()
  const lines = (map: object): string =>
    Object.entries(map)
      .map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(',\n')
  return `{\n  "sizes": {\n${lines(sizes)}\n  },\n  "formats": {\n${lines(formats)}\n  }\n}\n`
}

export const PAGES = [
  // first, as the others read what it says
  { name: 'format-facts.json', file: path('../../src/config/format-facts.json'), fresh: freshFacts },
  { name: 'PROVIDERS.md', file: path('../../docs/PROVIDERS.md'), fresh: freshProviders },
  { name: 'CONFIGURATION.md', file: path('../../docs/CONFIGURATION.md'), fresh: freshConfiguration },
]
