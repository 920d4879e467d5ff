/** What clients send though it says nothing, and strict servers refuse: null, no tools, a choice among none, an older limit. */
import type { Chore } from './index.ts'

/** They speak of tools: without any, they are a fault. */
const NEEDS_TOOLS = ['tool_choice', 'parallel_tool_calls']
const NEEDS_FUNCTIONS = ['function_call']

export const withoutIdleFields: Chore = () => (request) => {
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
