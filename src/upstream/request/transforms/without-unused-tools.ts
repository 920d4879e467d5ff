/** Tools that must not be called are left out: for vendors that know no choice `none`. */
import type { RequestTransform } from './request-transform.ts'

export const withoutUnusedTools: RequestTransform = () => (request) => {
  if (request.tool_choice !== 'none') return request
  const { tools: _, tool_choice: __, parallel_tool_calls: ___, ...body } = request.body
  return { ...request, tools: undefined, tool_choice: undefined, parallel_tool_calls: undefined, body }
}
