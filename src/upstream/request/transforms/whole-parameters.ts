/** Parameters of tools that say too little for strict servers: none at all in so many words, an object without its properties. */
import type { ChatRequest, Tool } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import { once } from '../../../runtime/recurring.ts'

/** The same request where all say enough, which nearly all do. */
export function withWholeParameters(request: ChatRequest): ChatRequest {
  const { tools, body } = request
  const wired: unknown = body['tools']
  const told = tools && once(tools, wholeTools)
  const sent = Array.isArray(wired) ? once(wired as unknown[], wholeWires) : wired
  if (told === tools && sent === wired) return request
  return { ...request, tools: told, body: { ...body, tools: sent } }
}

function wholeTools(tools: Tool[]): Tool[] {
  if (!tools.some(({ parameters }) => isBare(parameters))) return tools
  return tools.map((tool) => (isBare(tool.parameters) ? { ...tool, parameters: whole(tool.parameters) } : tool))
}

function wholeWires(tools: unknown[]): unknown[] {
  const isBareWire = (tool: unknown): boolean =>
    isMap(tool) &&
    isMap(tool['function']) &&
    (tool['function']['parameters'] === null || isBare(tool['function']['parameters']))
  if (!tools.some(isBareWire)) return tools
  return tools.map((tool) => {
    if (!isMap(tool) || !isBareWire(tool)) return tool
    const { parameters, ...said } = tool['function'] as Record<string, unknown>
    return { ...tool, function: isMap(parameters) ? { ...said, parameters: whole(parameters) } : said }
  })
}

/** An empty schema, or an object's that names no properties: OpenAI answers "object schema missing properties". */
function isBare(schema: unknown): boolean {
  if (!isMap(schema) || schema['properties'] !== undefined) return false
  return schema['type'] === 'object' ? !isSaidElsewhere(schema) : Object.keys(schema).length === 0
}

function isSaidElsewhere(schema: Record<string, unknown>): boolean {
  return ['$ref', 'anyOf', 'oneOf', 'allOf'].some((key) => schema[key] !== undefined)
}

function whole(schema: Record<string, unknown> | undefined): Record<string, unknown> {
  return { type: 'object', properties: {}, ...schema }
}
