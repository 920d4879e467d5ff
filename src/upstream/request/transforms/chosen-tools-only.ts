/** A choice among some of the tools, for vendors that know no such choice: the other tools are left out. */
import type { ChatRequest, Tool, ToolChoice } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

/** `except: name`: the vendor knows the choice of one tool by its name, and that one stays as it is. */
export const chosenToolsOnly: RequestTransform = (options) => (request) => {
  const { tool_choice: choice, tools } = request
  if (!tools || typeof choice !== 'object') return request
  if ('name' in choice && options['except'] === 'name') return request
  return withChosen(request, tools, choice)
}

function withChosen(request: ChatRequest, tools: Tool[], choice: Exclude<ToolChoice, string>): ChatRequest {
  const names = 'name' in choice ? [choice.name] : choice.names
  const mode = 'name' in choice ? 'required' : choice.mode
  const left = tools.filter((tool) => names.includes(tool.name))
  const chosen: ChatRequest = { ...request, tools: left.length > 0 ? left : tools, tool_choice: mode }
  const wired = request.body['tools']
  if (!Array.isArray(wired)) return chosen
  const isLeft = (tool: unknown): boolean => {
    const declared = isMap(tool) ? [tool['function'], tool['custom']].find(isMap) : undefined
    return names.some((name) => name === declared?.['name'])
  }
  return { ...chosen, body: { ...request.body, tools: wired.filter(isLeft), tool_choice: mode } }
}
