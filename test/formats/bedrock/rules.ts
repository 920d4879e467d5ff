/** What AWS documents of a Converse request: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
import type { Body } from '../cases.ts'

type Block = Record<string, Record<string, unknown> | string>
interface Turn {
  role: string
  content: Block[]
}

const FIELDS = new Set(
  `messages system inferenceConfig toolConfig guardrailConfig additionalModelRequestFields
  additionalModelResponseFieldPaths promptVariables performanceConfig requestMetadata serviceTier outputConfig`.split(
    /\s+/,
  ),
)
const IMAGES = new Set(['png', 'jpeg', 'gif', 'webp'])
const DOCUMENTS = new Set(['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md'])
const NAME = /^[a-zA-Z0-9_-]{1,64}$/

/** One line for each rule that the body breaks. */
export function brokenRules(body: Body): string[] {
  const turns = (body['messages'] ?? []) as Turn[]
  const broken = Object.keys(body).flatMap((key) => (FIELDS.has(key) ? [] : [`${key}: no field of a request`]))
  if (turns[0]?.role !== 'user') broken.push('messages: the user begins')
  for (const [i, turn] of turns.entries()) {
    if (turn.role === turns[i - 1]?.role) broken.push(`messages[${i}]: two turns of ${turn.role} in a row`)
    if (!turn.content?.length) broken.push(`messages[${i}]: empty content`)
    else
      broken.push(...turn.content.flatMap((block) => blockRules(block, turn).map((line) => `messages[${i}]: ${line}`)))
    broken.push(...answerRules(turns[i - 1], turn))
  }
  return [...broken, ...sampling(body), ...tools(body, turns)]
}

function blockRules(block: Block, turn: Turn): string[] {
  const broken: string[] = []
  const [kind, ...more] = Object.keys(block)
  if (more.length > 0 || kind === undefined) broken.push('a block is of one kind')
  if (typeof block['text'] === 'string' && block['text'].trim() === '') broken.push('blank text')
  const { image, document, toolUse, toolResult, reasoningContent } = block as Record<string, Record<string, unknown>>
  if (image && !IMAGES.has(String(image['format']))) broken.push(`image of ${String(image['format'])}`)
  if (document) {
    if (!DOCUMENTS.has(String(document['format']))) broken.push(`document of ${String(document['format'])}`)
    if (!/^[A-Za-z0-9\s()[\]-]+$/.test(String(document['name'])) || /\s\s/.test(String(document['name'])))
      broken.push('name of a document')
    if (!turn.content.some((other) => 'text' in other)) broken.push('a document without text')
  }
  if (toolUse && turn.role !== 'assistant') broken.push('toolUse of the user')
  if (toolUse && !NAME.test(String(toolUse['toolUseId']))) broken.push('toolUseId')
  if (toolResult) {
    if (turn.role !== 'user') broken.push('toolResult of the assistant')
    const content = toolResult['content'] as Block[]
    if (!content?.length || content.some((each) => each['text'] === '')) broken.push('an empty result')
  }
  if (reasoningContent && turn.content.findIndex((each) => !('reasoningContent' in each)) < turn.content.indexOf(block))
    broken.push('thoughts stand first')
  return broken
}

/** Each call of a turn is answered in the next one. */
function answerRules(before: Turn | undefined, turn: Turn): string[] {
  const ids = (each: Turn | undefined, kind: string): unknown[] =>
    (each?.content ?? []).flatMap((block) =>
      kind in block ? [(block[kind] as Record<string, unknown>)['toolUseId']] : [],
    )
  const called = ids(before, 'toolUse')
  const answered = ids(turn, 'toolResult')
  return [
    ...called.filter((id) => !answered.includes(id)).map((id) => `no result of ${String(id)}`),
    ...answered.filter((id) => !called.includes(id)).map((id) => `a result of ${String(id)}, which was not called`),
  ]
}

function sampling(body: Body): string[] {
  const { maxTokens, temperature, topP, stopSequences } = (body['inferenceConfig'] ?? {}) as Record<string, unknown>
  const { thinking } = (body['additionalModelRequestFields'] ?? {}) as { thinking?: Record<string, unknown> }
  const broken: string[] = []
  if (maxTokens !== undefined && !(Number.isInteger(maxTokens) && Number(maxTokens) >= 1)) broken.push('maxTokens')
  for (const [name, value] of Object.entries({ temperature, topP }))
    if (value !== undefined && !(Number(value) >= 0 && Number(value) <= 1)) broken.push(`${name}: 0 to 1`)
  if (Array.isArray(stopSequences) && stopSequences.some((word) => word === '')) broken.push('stopSequences: empty')
  if (thinking?.['type'] === 'enabled') {
    const budget = Number(thinking['budget_tokens'])
    if (budget < 1024 || (maxTokens !== undefined && budget >= Number(maxTokens))) broken.push('budget_tokens')
    if (temperature !== undefined || topP !== undefined) broken.push('sampling beside thoughts')
  }
  return broken
}

function tools(body: Body, turns: Turn[]): string[] {
  const config = body['toolConfig'] as { tools?: Block[]; toolChoice?: Record<string, unknown> } | undefined
  const uses = turns.some((turn) => turn.content?.some((block) => 'toolUse' in block || 'toolResult' in block))
  if (!config) return uses ? ['toolConfig: needed where tools were used'] : []
  const broken: string[] = []
  for (const tool of config.tools ?? []) {
    const spec = tool['toolSpec'] as Record<string, unknown> | undefined
    if (!spec) continue
    if (!NAME.test(String(spec['name']))) broken.push('name of a tool')
    if (spec['description'] === '') broken.push('empty description')
    const { json } = spec['inputSchema'] as { json: Record<string, unknown> }
    if (json?.['type'] !== 'object') broken.push('inputSchema: an object')
  }
  const { thinking } = (body['additionalModelRequestFields'] ?? {}) as { thinking?: unknown }
  if (thinking && config.toolChoice && !('auto' in config.toolChoice)) broken.push('a forced call beside thoughts')
  return broken
}
