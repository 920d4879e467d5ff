/** The pages that are made from YAML and schemas, as they should be. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
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

export const PAGES = [
  { name: 'PROVIDERS.md', file: path('../../docs/PROVIDERS.md'), fresh: freshProviders },
  { name: 'CONFIGURATION.md', file: path('../../docs/CONFIGURATION.md'), fresh: freshConfiguration },
]
