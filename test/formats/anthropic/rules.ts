/** What Anthropic documents of a Messages request, as checks of a body: https://docs.anthropic.com/en/api/messages */
import type { Body } from '../cases.ts'

type Block = Record<string, unknown> & { type: string }
interface Turn {
  role: string
  content: string | Block[]
}

const FIELDS = new Set(
  `model messages max_tokens system temperature top_p top_k stop_sequences stream metadata service_tier thinking tools
  tool_choice output_config container context_management mcp_servers cache_control inference_geo`.split(/\s+/),
)
const IMAGES = new Set(['image/jpeg', 'image/png', 'image/gif', 'image/webp'])
/** Model names by prefix, and the most tokens that each gives. */
const MOST_TOKENS: [string, number][] = [
  ['claude-3-7', 64_000],
  ['claude-3-5', 8192],
  ['claude-3', 4096],
  ['claude-opus-4-1', 32_000],
  ['claude-opus-4-2', 32_000],
  ['claude-sonnet-4-5', 64_000],
  ['claude-haiku-4-5', 64_000],
]

/** One line for each rule that the body breaks. */
export function brokenRules(body: Body): string[] {
  const turns = (body['messages'] ?? []) as Turn[]
  return [
    ...Object.keys(body).flatMap((key) => (FIELDS.has(key) ? [] : [`${key}: no field of a request`])),
    ...limits(body),
    ...turnRules(turns, String(body['model'])),
    ...toolRules(body),
    ...blocksOf(body['system']).flatMap((block) => blankText(block, 'system')),
    ...thinkingRules(body, turns),
    ...schemaRules(body),
  ]
}

function limits(body: Body): string[] {
  const { model, max_tokens: most, temperature, top_p: topP, stop_sequences: stops } = body
  const broken: string[] = []
  if (typeof most !== 'number' || !Number.isInteger(most) || most < 1) broken.push('max_tokens: required, at least 1')
  const known = MOST_TOKENS.find(([prefix]) => String(model).startsWith(prefix))
  if (known && Number(most) > known[1]) broken.push(`max_tokens: ${String(most)} is more than ${known[0]} gives`)
  if (temperature !== undefined && !(Number(temperature) >= 0 && Number(temperature) <= 1))
    broken.push('temperature: 0 to 1')
  const takesOne = /claude-(opus-4-1|.*-4-[56])/.test(String(model))
  if (takesOne && temperature !== undefined && topP !== undefined) broken.push('temperature and top_p: one of the two')
  const takesNone = /claude-(opus-4-[789]|(opus|sonnet|haiku)-5)/.test(String(model))
  if (takesNone && (temperature !== undefined || topP !== undefined)) broken.push('temperature: not taken')
  for (const stop of (stops ?? []) as string[]) if (stop.trim() === '') broken.push('stop_sequences: white space alone')
  return broken
}

/** https://platform.claude.com/docs/en/build-with-claude/mid-conversation-system-messages */
const PLACED = /^claude-(opus-4-8|opus-5|fable|mythos|sonnet-5-5|haiku-5-5)/

function turnRules(turns: Turn[], model: string): string[] {
  const broken: string[] = []
  if (turns.length === 0) broken.push('messages: at least one')
  if (turns.length > 0 && turns[0]?.role !== 'user') broken.push('messages: the user begins')
  for (const [i, turn] of turns.entries()) {
    const at = `messages[${i}]`
    if (turn.role === 'system') broken.push(...systemRules(turns, i, model))
    else if (turn.role !== 'user' && turn.role !== 'assistant') broken.push(`${at}: role ${turn.role}`)
    if (turn.role === turns[i - 1]?.role) broken.push(`${at}: two turns of ${turn.role} in a row`)
    if (turn.content.length === 0) broken.push(`${at}: empty content`)
    for (const block of blocksOf(turn.content)) broken.push(...blankText(block, at), ...blockRules(block, turn, at))
    broken.push(...resultRules(turn, turns[i - 1], at))
    if (i > 0) broken.push(...answeredRules(turns[i - 1] as Turn, turn, at))
  }
  const last = turns.at(-1)
  const text = blocksOf(last?.content).at(-1)?.['text']
  if (last?.role === 'assistant' && typeof text === 'string' && text !== text.trimEnd())
    broken.push('messages: the last answer ends in white space')
  return broken
}

function systemRules(turns: Turn[], i: number, model: string): string[] {
  const after = turns[i + 1]?.role
  const isPlaced = turns[i - 1]?.role === 'user' && (after === undefined || after === 'assistant')
  return [
    ...(PLACED.test(model) ? [] : [`messages[${i}]: role system, which ${model} does not take`]),
    ...(isPlaced
      ? []
      : [`messages[${i}]: system stands behind a turn of the user, and before an answer or at the end`]),
  ]
}

function blockRules(block: Block, turn: Turn, at: string): string[] {
  const broken: string[] = []
  const source = block['source'] as Record<string, unknown> | undefined
  if (block.type === 'tool_use') {
    if (turn.role !== 'assistant') broken.push(`${at}: tool_use of the user`)
    if (!/^[a-zA-Z0-9_-]+$/.test(String(block['id']))) broken.push(`${at}: tool_use id ${String(block['id'])}`)
    const input = block['input']
    if (typeof input !== 'object' || input === null || Array.isArray(input)) broken.push(`${at}: input is no object`)
  }
  if (block.type === 'image' && source?.['type'] === 'base64' && !IMAGES.has(String(source['media_type'])))
    broken.push(`${at}: image of type ${String(source['media_type'])}`)
  return broken
}

/** Results come first in the user's turn, and answer calls of the turn before. */
function resultRules(turn: Turn, before: Turn | undefined, at: string): string[] {
  const blocks = blocksOf(turn.content)
  const results = blocks.filter(({ type }) => type === 'tool_result')
  if (results.length === 0) return []
  const broken: string[] = []
  if (turn.role !== 'user') broken.push(`${at}: tool_result of the assistant`)
  if (blocks.slice(0, results.length).some(({ type }) => type !== 'tool_result'))
    broken.push(`${at}: something stands before a tool_result`)
  const calls = new Set(blocksOf(before?.content).map((block) => block['id']))
  for (const result of results)
    if (!calls.has(result['tool_use_id'])) broken.push(`${at}: a result of no call, ${String(result['tool_use_id'])}`)
  for (const block of results.flatMap((result) => blocksOf(result['content']))) broken.push(...blankText(block, at))
  return broken
}

function answeredRules(before: Turn, turn: Turn, at: string): string[] {
  const calls = blocksOf(before.content).filter(({ type }) => type === 'tool_use')
  const answered = blocksOf(turn.content).map((block) => block['tool_use_id'])
  return calls.flatMap(({ id }) => (answered.includes(id) ? [] : [`${at}: no result of ${String(id)}`]))
}

function toolRules(body: Body): string[] {
  const tools = body['tools'] as Record<string, unknown>[] | undefined
  const choice = body['tool_choice'] as Record<string, unknown> | undefined
  const broken: string[] = []
  if (choice && !tools) broken.push('tool_choice: without tools')
  if (choice?.['type'] === 'none' && 'disable_parallel_tool_use' in choice) broken.push('tool_choice: none is alone')
  const names = (tools ?? []).map((tool) => String(tool['name']))
  if (new Set(names).size < names.length) broken.push('tools: two of one name')
  if (choice?.['type'] === 'tool' && !names.includes(String(choice['name']))) broken.push('tool_choice: no such tool')
  for (const tool of tools ?? []) {
    if (!/^[a-zA-Z0-9_-]{1,128}$/.test(String(tool['name']))) broken.push(`tools: name ${String(tool['name'])}`)
    const schema = tool['input_schema'] as Record<string, unknown> | undefined
    if (tool['type'] === undefined && schema?.['type'] !== 'object') broken.push('tools: input_schema is an object')
    for (const word of ['anyOf', 'oneOf', 'allOf', '$ref'])
      if (schema?.[word] !== undefined) broken.push(`tools: ${word} at the top of input_schema`)
  }
  return broken
}

function thinkingRules(body: Body, turns: Turn[]): string[] {
  const broken: string[] = []
  for (const { content } of turns) {
    const kinds = blocksOf(content).map(({ type }) => type.endsWith('thinking'))
    if (kinds.lastIndexOf(true) > kinds.indexOf(false) && kinds.includes(false))
      broken.push('messages: thinking behind something else')
  }
  const thinking = body['thinking'] as Record<string, unknown> | undefined
  if (thinking === undefined || thinking['type'] === 'disabled') return broken
  const choice = (body['tool_choice'] as Record<string, unknown> | undefined)?.['type']
  if (choice === 'any' || choice === 'tool') broken.push('thinking: not beside a forced tool')
  if (body['temperature'] !== undefined) broken.push('thinking: not beside temperature')
  if (thinking['type'] !== 'enabled') return broken
  const budget = Number(thinking['budget_tokens'])
  if (!(budget >= 1024)) broken.push('thinking: at least 1024 tokens')
  if (!(budget < Number(body['max_tokens']))) broken.push('thinking: less than max_tokens')
  return broken
}

const NOT_STRICT =
  'minimum maximum multipleOf minLength maxLength pattern minItems maxItems uniqueItems oneOf not'.split(' ')

/** Structured output and strict tools: closed objects, and no constraint that the grammar cannot hold. */
function schemaRules(body: Body): string[] {
  const config = body['output_config'] as { format?: { schema?: unknown }; effort?: string } | undefined
  const strict = ((body['tools'] ?? []) as Record<string, unknown>[]).filter((tool) => tool['strict'] === true)
  const schemas = [config?.format?.schema, ...strict.map((tool) => tool['input_schema'])].filter(Boolean)
  const broken = schemas.flatMap((schema) => strictFaults(schema))
  if (config?.effort === 'xhigh' && /4-6/.test(String(body['model']))) broken.push('output_config: no effort xhigh')
  return broken
}

function strictFaults(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return []
  if (Array.isArray(node)) return node.flatMap(strictFaults)
  const schema = node as Record<string, unknown>
  const broken = NOT_STRICT.filter((word) => word in schema).map((word) => `schema: ${word}`)
  const isObject = schema['type'] === 'object' || schema['properties'] !== undefined
  if (isObject && schema['additionalProperties'] !== false) broken.push('schema: an open object')
  const { properties, $defs, definitions, ...rest } = schema
  const named = [properties, $defs, definitions].flatMap((map) => Object.values((map ?? {}) as object))
  return [...broken, ...named.flatMap(strictFaults), ...Object.values(rest).flatMap(strictFaults)]
}

function blocksOf(content: unknown): Block[] {
  return Array.isArray(content) ? (content as Block[]) : []
}

function blankText(block: Block, at: string): string[] {
  return block.type === 'text' && String(block['text']).trim() === '' ? [`${at}: blank text`] : []
}
