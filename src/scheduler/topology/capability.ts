/** Can a route serve what a request needs? */
import { GatewayError } from '../../chat/error.ts'
import { inputOf } from '../lease/estimator.ts'
import type { AcquireRequest, RouteSpec } from '../types.ts'

const WORDS = { tools: 'tools', vision: 'images', json_schema: 'a JSON schema for the answer' } as const

/** What a route lacks, for people; undefined when nothing. A capability that nobody declared is taken to be there. */
export function lack(
  { capabilities, provider, model }: RouteSpec,
  request: AcquireRequest,
  inputThere: (request: AcquireRequest, route: string) => number = inputOf,
): string | undefined {
  if (!capabilities) return undefined
  const { needs, maxOutput } = request
  for (const need of ['tools', 'vision', 'json_schema'] as const) {
    if (needs[need] && capabilities[need] === false) return `does not take ${WORDS[need]}`
  }
  const { context, max_output: most } = capabilities
  if (context !== undefined) {
    const needed = Math.ceil(inputThere(request, `${provider}/${model}`)) + (maxOutput ?? 0)
    if (needed > context) return `takes ${context} tokens of prompt and answer together, and about ${needed} are needed`
  }
  if (most !== undefined && maxOutput !== null && maxOutput > most) return `answers with at most ${most} tokens`
  return undefined
}

/** The error for a request that no route can serve. */
export function unsupported(request: AcquireRequest, routes: readonly RouteSpec[]): GatewayError {
  const reasons = [
    ...new Set(routes.map((route) => `${route.provider}/${route.model} ${lack(route, request) ?? 'has no key'}`)),
  ]
  return new GatewayError(
    'unsupported',
    `Nothing that serves ${request.model} can take this request: ${reasons.join('; ')}.`,
  )
}
