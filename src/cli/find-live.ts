/** The provider that a command names. */
import type { Config, Provider } from '../config/config.ts'
import { didYouMean } from '../definition/near-miss.ts'
import { UsageError } from './command-line.ts'

/** Throws a UsageError that says what it lacks, or which name is near. */
export function findLive(config: Config, name: string): Provider {
  const found = config.providers.find((provider) => provider.name === name)
  if (found) return found
  const out = config.leftOut.find((each) => each.name === name)
  if (out) throw new UsageError(`${name} is not live: ${out.reason}`)
  const names = [...config.providers, ...config.leftOut].map((each) => each.name)
  throw new UsageError(`no provider "${name}" in ${config.file}${didYouMean(name, names)}`)
}
