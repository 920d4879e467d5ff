/** An environment in which each variable is set, so that no provider is left out: for looking at what is not live. */
import { PLACEHOLDER_KEY } from '../app/converted-request.ts'

/** Stands in for the address of a server of one's own. */
const NO_ADDRESS = 'http://no-address-set-here'

export function withPlaceholderKeys(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const standIn = (name: string): string => (name.endsWith('_BASE_URL') ? NO_ADDRESS : PLACEHOLDER_KEY)
  return new Proxy(environment, {
    get: (target, name) => (typeof name === 'string' ? target[name] || standIn(name) : undefined),
    has: () => true,
  })
}
