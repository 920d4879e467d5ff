import type { Tool } from '../../../chat/request.ts'
import { once } from '../../../runtime/recurring.ts'
import { filled, isRecord } from '../json-value.ts'

/** The tools of a request; undefined when there is none. Deprecated `functions` are tools as well. */
export function parseTools(body: Record<string, unknown>): Tool[] | undefined {
  if (body['tools'] === undefined && body['functions'] === undefined) return undefined
  const tools = Array.isArray(body['tools']) ? once(body['tools'] as unknown[], parseList) : []
  if (tools.length > 0) return tools
  const functions = list(body['functions']).map((each) => parseFunction(each, each))
  return functions.length > 0 ? functions : undefined
}

function parseList(tools: unknown[]): Tool[] {
  return list(tools).flatMap(parseTool)
}

/** True when the client speaks of functions in the deprecated way only. */
export function usesLegacyFunctions(body: Record<string, unknown>): boolean {
  return list(body['tools']).length === 0 && list(body['functions']).length > 0
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isRecord) : NONE
}

const NONE: Record<string, unknown>[] = []

/** What is neither a function nor a custom tool: web searches and the like, that a vendor runs itself. */
export function vendorTools(body: Record<string, unknown>): Record<string, unknown>[] {
  return Array.isArray(body['tools']) ? once(body['tools'] as unknown[], ofNoKind) : []
}

function ofNoKind(tools: unknown[]): Record<string, unknown>[] {
  return list(tools).filter((tool) => parseTool(tool).length === 0)
}

/** Some clients write what a tool is beside its type, as in Responses: put into the place that chat completions have. */
export function withNestedTools(body: Record<string, unknown>): Record<string, unknown> {
  const { tools } = body
  if (!Array.isArray(tools)) return body
  const put = once(tools as unknown[], allNested)
  return put === tools ? body : { ...body, tools: put }
}

function allNested(tools: unknown[]): unknown[] {
  return tools.some(isFlat) ? tools.map((tool) => (isFlat(tool) ? nested(tool) : tool)) : tools
}

function isFlat(tool: unknown): tool is Record<string, unknown> & { type: 'custom' | 'function' } {
  if (!isRecord(tool) || filled(tool['name']) === undefined) return false
  return (tool['type'] === 'custom' || tool['type'] === 'function') && tool[tool['type']] === undefined
}

function nested({ type, ...declared }: Record<string, unknown> & { type: string }): Record<string, unknown> {
  return { type, [type]: declared }
}

function parseTool(tool: Record<string, unknown>): Tool[] {
  if (isRecord(tool['function']) && filled(tool['function']['name'])) return [parseFunction(tool['function'], tool)]
  if (isRecord(tool['custom']) && filled(tool['custom']['name'])) return [parseCustom(tool['custom'], tool)]
  return []
}

const HINTS = ['defer_loading', 'allowed_callers', 'input_examples', 'eager_input_streaming']

function parseFunction(declared: Record<string, unknown>, tool: Record<string, unknown>): Tool {
  const description = filled(declared['description'])
  const parameters = declared['parameters']
  const cache = tool['cache_control'] ?? declared['cache_control']
  const hints = HINTS.flatMap((field) => {
    const value = tool[field] ?? declared[field]
    return value === undefined || value === null ? [] : [[field, value] as const]
  })
  return {
    name: String(declared['name']),
    ...(description !== undefined && { description }),
    ...(isRecord(parameters) && { parameters }),
    ...(typeof declared['strict'] === 'boolean' && { strict: declared['strict'] }),
    ...(isRecord(cache) && { cache_control: cache }),
    ...(hints.length > 0 && { hints: Object.fromEntries(hints) }),
  }
}

/** A custom tool takes free text: elsewhere it is a function with one string, its grammar told in words. */
function parseCustom(custom: Record<string, unknown>, tool: Record<string, unknown>): Tool {
  const format = isRecord(custom['format']) ? custom['format'] : {}
  const grammar = isRecord(format['grammar']) ? format['grammar'] : undefined
  const syntax = filled(grammar?.['syntax'])
  const definition = filled(grammar?.['definition'])
  const rule =
    definition && `The input must fit this ${syntax === undefined ? '' : `${syntax} `}grammar:\n${definition}`
  const description = [filled(custom['description']), rule].filter(Boolean).join('\n\n')
  const input = { type: 'string', description: 'The whole input, as free text.' }
  const parameters = { type: 'object', properties: { input }, required: ['input'], additionalProperties: false }
  return parseFunction({ name: custom['name'], description, parameters }, tool)
}
