/** What a request costs on each route that may serve it: vendors count pictures, pages, sound and Chinese differently. */
import type { ChatRequest } from '../chat/request.ts'
import type { AcquireRequest, InputEstimate, PoolSpec } from '../scheduler/types.ts'
import type { TokenRules } from '../upstream/format/token-rules.ts'
import { differs, measure, tokensOf } from './estimate.ts'

export interface RouteInputsOptions {
  providers: readonly { name: string; format: { tokens?: (model: string) => TokenRules } }[]
  pools?: readonly Pick<PoolSpec, 'model' | 'routes'>[]
}

/** @param more tokens beside the request's own */
export type RouteInputs = (request: ChatRequest, more: number) => Pick<AcquireRequest, 'input' | 'least' | 'inputs'>

export function createRouteInputs({ providers, pools = [] }: RouteInputsOptions): RouteInputs {
  const formats = new Map(providers.map(({ name, format }) => [name, format]))
  const routes = new Map(pools.map(({ model, routes }) => [model, routes]))

  return (request, more) => {
    const measured = measure(request)
    const usual = tokensOf(measured)
    if (!differs(measured)) return { input: usual.input + more }
    const inputs: Record<string, InputEstimate> = {}
    const known = new Map<TokenRules, InputEstimate>()
    for (const { provider, model } of routes.get(request.model) ?? directRoute(request.model)) {
      const rules = formats.get(provider)?.tokens?.(model)
      if (!rules) continue
      const tokens = known.get(rules) ?? tokensOf(measured, rules)
      known.set(rules, tokens)
      inputs[`${provider}/${model}`] = { input: tokens.input + more, least: tokens.least }
    }
    return { input: usual.input + more, least: usual.least, ...(known.size > 0 && { inputs }) }
  }
}

/** Of `provider/model`. */
function directRoute(name: string): { provider: string; model: string }[] {
  const slash = name.indexOf('/')
  return slash < 0 ? [] : [{ provider: name.slice(0, slash), model: name.slice(slash + 1) }]
}
