/** docs/PROVIDERS.md as it should be. */
import { fileURLToPath } from 'node:url'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
import { readCatalogue } from '../../src/format-tools/catalogue/catalogue.ts'
import { providersPage } from '../../src/format-tools/catalogue/providers-page.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const PAGE = path('../../docs/PROVIDERS.md')
export const CATALOGUE = path('../../providers.yaml')

export function freshPage(): string {
  const entries = readCatalogue(CATALOGUE, loadConfig(CATALOGUE, {}), loadConfig(CATALOGUE, withPlaceholderKeys({})))
  return providersPage(path('../../src/formats'), entries)
}
