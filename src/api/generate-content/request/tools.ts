/** Function declarations and the choice among them, in OpenAI's form. */
import { madeOf, once, recurs } from '../../../runtime/recurring.ts'
import { filled, isRecord } from '../../chat-completions/json-value.ts'
import { camelKeys } from './camel-keys.ts'
import { toJsonSchema } from './schema.ts'

type Map = Record<string, unknown>

export function toChatTools(body: Map, losses: string[]): Map {
  const { tools: given } = body
  if (typeof given !== 'object' || given === null) return {}
  const { functions: tools, losses: left } = once(given, sortTools)
  losses.push(...left)
  return tools.length === 0 ? {} : { tools, tool_choice: choiceOf(body['toolConfig']) }
}

function sortTools(given: object): { functions: Map[]; losses: string[] } {
  const functions: Map[] = []
  const losses: string[] = []
  for (const tool of list(given)) {
    for (const [kind, value] of Object.entries(tool)) {
      if (kind === 'functionDeclarations') functions.push(...list(value).flatMap(toFunction))
      else if (value !== null) losses.push(`tools: ${kind.slice(0, 60)} is for an upstream of the same API, left out`)
    }
  }
  if (madeOf(given)) recurs(functions)
  return { functions, losses }
}

function toFunction(declared: Map): Map[] {
  const name = filled(declared['name'])
  if (name === undefined) return []
  const description = filled(declared['description'])
  const schema = declared['parametersJsonSchema'] ?? declared['parameters']
  const parameters = isRecord(schema) ? toJsonSchema(schema) : undefined
  return [
    {
      type: 'function',
      function: { name, ...(description !== undefined && { description }), ...(parameters && { parameters }) },
    },
  ]
}

function choiceOf(given: unknown): unknown {
  const config = isRecord(given) ? camelKeys(given)['functionCallingConfig'] : undefined
  if (!isRecord(config)) return undefined
  const { mode, allowedFunctionNames: allowed } = camelKeys(config)
  const names = Array.isArray(allowed) ? allowed.filter((name) => typeof name === 'string') : []
  if (mode === 'NONE') return 'none'
  const isForced = mode === 'ANY'
  if (names.length === 1 && isForced) return { type: 'function', function: { name: names[0] } }
  if (names.length > 0) {
    const tools = names.map((name) => ({ type: 'function', function: { name } }))
    return { type: 'allowed_tools', allowed_tools: { mode: isForced ? 'required' : 'auto', tools } }
  }
  return isForced ? 'required' : 'auto'
}

function list(value: unknown): Map[] {
  return [value].flat().filter(isRecord).map(camelKeys)
}
