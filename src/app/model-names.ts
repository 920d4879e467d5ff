/** From the name that a client gives to the model that is meant. */
import type { Config } from '../config/config.ts'
import { nearMiss } from '../definition/near-miss.ts'
import { globTest } from '../runtime/glob.ts'

/** Clients that talk to several vendors put it before each name. */
const ADDED = 'openai/'

export interface ModelNames {
  /** The name without what a client has added to it; of a name that is no model's, the one that an alias gives. */
  meant(name: string): string
  /** Does some live provider take it? Any name behind a live provider's is its own to judge. */
  isTaken(name: string): boolean
}

/** @param listed all that GET /v1/models tells */
export function createModelNames(
  config: Pick<Config, 'aliases'> & { providers: readonly { name: string }[] },
  listed: readonly string[],
): ModelNames {
  const known = new Set(listed)
  const providers = new Set(config.providers.map(({ name }) => name))
  const addresses = (name: string): boolean => {
    const slash = name.indexOf('/')
    return slash > 0 && slash < name.length - 1 && providers.has(name.slice(0, slash))
  }
  const aliases = config.aliases.map(({ glob, model }) => ({ fits: globTest(glob), model }))
  const aliased = (name: string): string =>
    known.has(name) || addresses(name) ? name : (aliases.find(({ fits }) => fits(name))?.model ?? name)
  return {
    meant(name) {
      if (known.has(name)) return name
      if (!name.startsWith(ADDED)) return aliased(name)
      const rest = name.slice(ADDED.length)
      // with a live provider of that name it is an address, unless what follows is one of ours
      return known.has(rest) || addresses(rest) || !addresses(name) ? aliased(rest) : name
    },
    isTaken: (name) => known.has(name) || addresses(name),
  }
}

/** The model that an unknown name may have meant: one that a provider has under it, or one that is written almost so. */
export function nearestModel(name: string, listed: readonly string[]): string | undefined {
  return listed.find((each) => each.slice(each.indexOf('/') + 1) === name) ?? nearMiss(name, listed)
}
