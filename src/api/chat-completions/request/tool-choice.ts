import type { Tool, ToolChoice } from '../../../chat/request.ts'
import { filled, isRecord } from '../json-value.ts'
import { invalid } from './invalid.ts'

/** Flattens `tool_choice`, or the deprecated `function_call`; `auto` when the client did not choose. */
export function parseToolChoice(body: Record<string, unknown>): ToolChoice {
  const choice = body['tool_choice'] ?? body['function_call']
  if (choice === 'none' || choice === 'auto' || choice === 'required') return choice
  // A word that another vendor has for `required`, and that its users send.
  if (choice === 'any') return 'required'
  if (!isRecord(choice)) return 'auto'
  if (isRecord(choice['allowed_tools'])) return allowed(choice['allowed_tools'])
  const named = [choice['function'], choice['custom'], choice].find(isRecord)
  const name = filled(named?.['name'])
  return name === undefined ? 'auto' : { name }
}

function allowed(choice: Record<string, unknown>): ToolChoice {
  const mode = choice['mode'] === 'required' ? 'required' : 'auto'
  const tools = Array.isArray(choice['tools']) ? choice['tools'].filter(isRecord) : []
  const names = tools.flatMap((tool) => {
    const named = [tool['function'], tool['custom'], tool].find(isRecord)
    return filled(named?.['name']) ?? []
  })
  return { mode, names }
}

/** The choice, if all that it names is there; vendors refuse others, and some do so in words that nobody understands. Throws a GatewayError. */
export function knownChoice(
  choice: ToolChoice,
  tools: readonly Tool[] = [],
  vendorTools: readonly Record<string, unknown>[] = [],
): ToolChoice {
  if (typeof choice === 'string') return choice
  for (const name of 'name' in choice ? [choice.name] : choice.names) {
    if (tools.some((tool) => tool.name === name) || vendorTools.some((tool) => tool['name'] === name)) continue
    throw invalid(`Tool choice '${name.slice(0, 100)}' not found in 'tools' parameter.`, 'tool_choice')
  }
  return choice
}
