/** What clients send though it says nothing, and strict servers refuse: null, no tools, a choice among none, an older limit. */
import type { RequestTransform } from './request-transform.ts'
import { withWholeParameters } from './whole-parameters.ts'

/** They speak of tools: without any, they are a fault. */
const NEEDS_TOOLS = ['tool_choice', 'parallel_tool_calls']
const NEEDS_FUNCTIONS = ['function_call']

export const withoutIdleFields: RequestTransform = () => (given) => {
  const request = given.tools ? withWholeParameters(given) : given
  if (!hasIdle(request.body)) return request
  const body = { ...request.body }
  for (const [field, value] of Object.entries(body)) {
    const isIdle = value === null || (Array.isArray(value) && value.length === 0)
    if (isIdle && field !== 'messages') delete body[field]
  }
  if (!body['tools']) for (const field of NEEDS_TOOLS) delete body[field]
  if (!body['functions']) for (const field of NEEDS_FUNCTIONS) delete body[field]
  if (body['max_completion_tokens'] !== undefined) delete body['max_tokens']
  return { ...request, body }
}

/** Nearly no body has any: to look costs less than a copy. */
function hasIdle(body: Record<string, unknown>): boolean {
  for (const field in body) {
    const value = body[field]
    if (field !== 'messages' && (value === null || (Array.isArray(value) && value.length === 0))) return true
  }
  if (!body['tools'] && NEEDS_TOOLS.some((field) => body[field] !== undefined)) return true
  if (!body['functions'] && NEEDS_FUNCTIONS.some((field) => body[field] !== undefined)) return true
  return body['max_tokens'] !== undefined && body['max_completion_tokens'] !== undefined
}
