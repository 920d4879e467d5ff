/** The body of a chat request, read strictly enough that a caller's mistake is seen. */
import { BadRequest } from './error.ts'

export type Json = Record<string, unknown>

export interface OfferedTool {
  name: string
  description: string
  /** JSON Schema of the arguments; null for a custom tool, which takes plain text. */
  parameters: Json | null
}

export interface SandboxRequest {
  model: string
  messages: ReadMessage[]
  tools: OfferedTool[]
  choice: 'none' | 'auto' | 'required' | { name: string }
  parallel: boolean
  /** The caller used the deprecated `functions`. */
  legacy: boolean
  /** The schema of the answer, `{}` for any JSON object, null for text. */
  schema: Json | null
  stream: boolean
  includeUsage: boolean
  n: number
  stop: string[]
  maxTokens: number
  logprobs: number | null
  /** All that the answer depends on, as one text. */
  seed: string
}

export interface ReadMessage {
  role: string
  text: string
  /** Kinds of the parts that are not text: `image_url`, `input_audio`, `file`. */
  media: string[]
  name?: string
  calls: { id: string; name: string; arguments: string }[]
  callId?: string
}

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
export const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
export const objectOf = (value: unknown): Json => (isObject(value) ? value : {})
export const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Throws BadRequest, naming the field. */
export function readRequest(body: unknown): SandboxRequest {
  if (!isObject(body)) throw new BadRequest('', 'The body must be a JSON object.')
  if (typeof body['model'] !== 'string') throw new BadRequest('model', "Missing required parameter: 'model'.")
  if (!Array.isArray(body['messages']) || body['messages'].length === 0) {
    throw new BadRequest('messages', "Invalid 'messages': expected an array with at least one message.")
  }
  const stream = body['stream'] === true
  if (!stream && isObject(body['stream_options'])) {
    throw new BadRequest('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
  }
  const legacy = Array.isArray(body['functions'])
  const tools = (
    legacy ? listOf(body['functions']).map((wire) => ({ type: 'function', function: wire })) : listOf(body['tools'])
  ).map(readTool)
  const { choice, allowed } = readChoice(legacy ? body['function_call'] : body['tool_choice'], tools)
  return {
    model: body['model'],
    messages: body['messages'].map(readMessage),
    tools: allowed ? tools.filter((tool) => allowed.includes(tool.name)) : tools,
    choice,
    parallel: body['parallel_tool_calls'] !== false && !legacy,
    legacy,
    schema: readSchema(body['response_format']),
    stream,
    includeUsage: objectOf(body['stream_options'])['include_usage'] === true,
    n: readCount(body, 'n', 1, 128) ?? 1,
    stop: (Array.isArray(body['stop']) ? body['stop'] : [body['stop']]).filter(
      (stop) => typeof stop === 'string' && stop !== '',
    ),
    maxTokens: readCount(body, 'max_completion_tokens') ?? readCount(body, 'max_tokens') ?? Number.POSITIVE_INFINITY,
    logprobs: body['logprobs'] === true ? (readCount(body, 'top_logprobs', 0, 20) ?? 0) : null,
    seed: JSON.stringify([body['messages'], body['seed'] ?? null]),
  }
}

function readMessage(wire: unknown, index: number): ReadMessage {
  if (!isObject(wire) || typeof wire['role'] !== 'string') {
    throw new BadRequest(`messages[${index}].role`, `Missing required parameter: 'messages[${index}].role'.`)
  }
  const parts = listOf(wire['content']).map(objectOf)
  const callId = wire['tool_call_id']
  if (wire['role'] === 'tool' && typeof callId !== 'string') {
    throw new BadRequest(`messages[${index}].tool_call_id`, `Missing parameter 'tool_call_id' of 'messages[${index}]'.`)
  }
  return {
    role: wire['role'],
    text: typeof wire['content'] === 'string' ? wire['content'] : parts.map((part) => stringOf(part['text'])).join(''),
    media: parts.map((part) => stringOf(part['type'])).filter((type) => type !== 'text' && type !== 'refusal'),
    name: typeof wire['name'] === 'string' ? wire['name'] : undefined,
    calls: listOf(wire['tool_calls']).map((call) => {
      const { id, function: called, custom } = objectOf(call)
      const { name, arguments: given, input } = objectOf(called ?? custom)
      return { id: stringOf(id), name: stringOf(name), arguments: stringOf(given ?? input) }
    }),
    callId: typeof callId === 'string' ? callId : undefined,
  }
}

function readTool(wire: unknown, index: number): OfferedTool {
  const outer = objectOf(wire)
  const custom = outer['type'] === 'custom'
  const { name, description, parameters } = objectOf(outer[custom ? 'custom' : 'function'])
  if (typeof name !== 'string')
    throw new BadRequest(`tools[${index}]`, `Missing required parameter: 'tools[${index}].function.name'.`)
  return { name, description: stringOf(description), parameters: custom ? null : objectOf(parameters) }
}

function readChoice(wire: unknown, tools: OfferedTool[]): { choice: SandboxRequest['choice']; allowed?: string[] } {
  if (wire === undefined || wire === null) return { choice: tools.length > 0 ? 'auto' : 'none' }
  if (wire === 'none' || wire === 'auto' || wire === 'required') return { choice: wire }
  const outer = objectOf(wire)
  if (outer['type'] === 'allowed_tools') {
    const { mode, tools: some } = objectOf(outer['allowed_tools'])
    const allowed = listOf(some).map((tool) => {
      const { name, function: called, custom } = objectOf(tool)
      return stringOf(name ?? objectOf(called ?? custom)['name'])
    })
    return { choice: mode === 'required' ? 'required' : 'auto', allowed }
  }
  const name = objectOf(outer['function'] ?? outer['custom'] ?? outer)['name']
  if (typeof name !== 'string' || !tools.some((tool) => tool.name === name)) {
    throw new BadRequest('tool_choice', `Tool choice ${JSON.stringify(wire)} names no tool of this request.`)
  }
  return { choice: { name } }
}

function readSchema(wire: unknown): Json | null {
  const { type, json_schema: named } = objectOf(wire)
  if (type === 'json_object') return { type: 'object' }
  if (type !== 'json_schema') return null
  const { name, schema } = objectOf(named)
  if (typeof name !== 'string') {
    throw new BadRequest(
      'response_format.json_schema.name',
      "Missing required parameter: 'response_format.json_schema.name'.",
    )
  }
  return objectOf(schema)
}

function readCount(body: Json, name: string, least = 1, most = Number.MAX_SAFE_INTEGER): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw new BadRequest(name, `Invalid '${name}': expected an integer of at least ${least}.`)
  }
  return value
}
