/** All probes against one model with a real key, one after the other: a free plan allows no more. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Provider } from '../../config/config.ts'
import type { Client, Secret } from '../../upstream/types.ts'
import { exchange, type Exchange } from './exchange.ts'
import { PROBES } from './probes.ts'
import { makeFolder } from '../../runtime/make-folder.ts'

/** A provider that wants no key cannot be asked with a wrong one. */
export async function runLive(provider: Provider, model: string, secret: Secret, client: Client): Promise<Exchange[]> {
  const probes = PROBES.filter(({ wrongKey }) => !wrongKey || secret !== '')
  const exchanges: Exchange[] = []
  for (const probe of probes) exchanges.push(await exchange(probe, provider, model, secret, client))
  return exchanges
}

/** Stores the exchanges as cases; gives the file. */
export function storeCases(folder: string, provider: string, model: string, exchanges: Exchange[]): string {
  const cases = exchanges.flatMap((each) => each.case ?? [])
  makeFolder(folder)
  const file = join(folder, `${provider}-${model.replaceAll(/[^\w.-]+/g, '-')}.yaml`)
  writeFileSync(file, stringify(cases, { lineWidth: 0, aliasDuplicateObjects: false }))
  return file
}
