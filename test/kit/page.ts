/** docs/PROVIDERS.md as it should be. */
import { fileURLToPath } from 'node:url'
import { withEveryKey } from '../../src/cli/every-key.ts'
import { loadConfig } from '../../src/config/load.ts'
import { readCatalogue } from '../../src/kit/catalogue.ts'
import { providersPage } from '../../src/kit/providers-page.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export const PAGE = path('../../docs/PROVIDERS.md')
export const CATALOGUE = path('../../providers.yaml')

export function freshPage(): string {
  const entries = readCatalogue(CATALOGUE, loadConfig(CATALOGUE, {}), loadConfig(CATALOGUE, withEveryKey({})))
  return providersPage(path('../../src/formats'), entries)
}
