/** Vendors whose first answer only says where the real one is: the definition's `follow` names the next request. */
import { GatewayError } from '../../chat/error.ts'
import { compileCases } from '../../definition/cases.ts'
import type { Watch } from '../../definition/context.ts'
import { DefinitionError } from '../../definition/error.ts'
import { isMap, Scope } from '../../definition/scope.ts'
import { templateContext } from '../../definition/template.ts'
import type { FollowUp } from '../types.ts'
import { globTest } from '../../runtime/glob.ts'
import { TEMPLATE_FUNCTIONS } from '../template-functions/index.ts'

const KEYS = new Set(['hosts', 'when', 'then', 'cases'])

/**
 * `when`/`then` or `cases` over `{ stream, body }`; `then: { get: $url, wait: seconds, headers: {…} }`. The key goes
 * along, so a URL must be of the first request's host, or of one that `hosts` lists as globs.
 */
export function compileFollowUp(node: unknown, watch?: Watch): FollowUp | undefined {
  if (node === undefined) return undefined
  if (!isMap(node)) throw new DefinitionError('follow is { when, then }', ['follow'])
  const { hosts = [], ...rest } = node
  if (!Array.isArray(hosts)) throw new DefinitionError('hosts is a list of globs', ['follow', 'hosts'])
  const isTrusted = hosts.map((host) => globTest(String(host)))
  const scope = Scope.of({})
  const cases = compileCases(rest, templateContext(scope, TEMPLATE_FUNCTIONS, watch), ['follow'], KEYS)
  const frame = scope.frame()
  return (body, stream, first) => {
    const step = cases.choose({ stream, body }, frame)?.(frame)
    if (!isMap(step) || typeof step['get'] !== 'string') return undefined
    const url = URL.parse(step['get'])
    const home = new URL(first.url)
    const isHome = url?.origin === home.origin
    if (!url || (!isHome && (url.protocol !== 'https:' || !isTrusted.some((fits) => fits(url.hostname))))) {
      const { host } = home
      throw new GatewayError('bad_answer', `The upstream sent its client on to another host than ${host}.`, { host })
    }
    const { 'content-type': _, ...headers } = first.headers
    const own = isMap(step['headers']) ? step['headers'] : {}
    for (const [name, value] of Object.entries(own))
      if (typeof value !== 'object') headers[name.toLowerCase()] = String(value)
    return {
      request: { method: 'GET', url: url.href, headers, body: '' },
      wait: typeof step['wait'] === 'number' ? step['wait'] * 1000 : 0,
    }
  }
}
