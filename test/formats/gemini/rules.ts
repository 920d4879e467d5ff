/** What Google documents of generateContent, as checks of a body: https://ai.google.dev/api/generate-content */
import type { Body } from '../cases.ts'

type Map = Record<string, unknown>
interface Content {
  role: string
  parts: Map[]
}

const FIELDS = words(
  `contents systemInstruction tools toolConfig safetySettings generationConfig cachedContent serviceTier`,
)
const GENERATION =
  words(`stopSequences responseMimeType responseSchema responseJsonSchema responseModalities candidateCount
  maxOutputTokens temperature topP topK seed presencePenalty frequencyPenalty responseLogprobs logprobs
  enableEnhancedCivicAnswers speechConfig thinkingConfig imageConfig mediaResolution`)
const DATA = ['text', 'inlineData', 'fileData', 'functionCall', 'functionResponse']
/** https://ai.google.dev/api/caching#Schema */
const SCHEMA = words(`type format title description nullable enum maxItems minItems properties required minProperties
  maxProperties minLength maxLength pattern example anyOf propertyOrdering default items minimum maximum`)
const TYPES = words('string number integer boolean array object null')

/** One line for each rule that the body breaks. @param model the upstream's name, which stands in the path */
export function brokenRules(body: Body, model: string): string[] {
  const contents = (body['contents'] ?? []) as Content[]
  return [
    ...unknown(body, FIELDS, 'request'),
    ...contentRules(contents),
    ...callRules(contents, model),
    ...generationRules((body['generationConfig'] ?? {}) as Map, model),
    ...toolRules(body),
  ]
}

function contentRules(contents: Content[]): string[] {
  const broken: string[] = []
  if (contents.length === 0) broken.push('contents: at least one')
  if (contents.length > 0 && contents[0]?.role !== 'user') broken.push('contents: the user begins')
  for (const [i, { role, parts }] of contents.entries()) {
    const at = `contents[${i}]`
    const before = contents[i - 1]
    if (role !== 'user' && role !== 'model') broken.push(`${at}: role ${role}`)
    // results have a content of their own; what the user says next stands behind it
    if (before?.role === role && !has(before, 'functionResponse'))
      broken.push(`${at}: two contents of ${role} in a row`)
    if (!(parts.length > 0)) broken.push(`${at}: no parts`)
    for (const part of parts) broken.push(...partRules(part, at))
  }
  return broken
}

function partRules(part: Map, at: string): string[] {
  const data = Object.keys(part).filter((key) => DATA.includes(key))
  const broken = unknown(
    part,
    new Set([...DATA, 'thought', 'thoughtSignature', 'videoMetadata', 'mediaResolution']),
    at,
  )
  if (data.length !== 1) broken.push(`${at}: a part holds one thing, not ${data.join(' and ')}`)
  if (part['text'] === '' && part['thoughtSignature'] === undefined) broken.push(`${at}: empty text`)
  for (const key of ['inlineData', 'fileData']) {
    const media = part[key] as Map | undefined
    if (media && !/^[\w.+-]+\/[\w.+-]+$/.test(String(media['mimeType']))) broken.push(`${at}: ${key} without a type`)
  }
  const call = part['functionCall'] as Map | undefined
  if (call && !isMap(call['args'])) broken.push(`${at}: args are no object`)
  const response = part['functionResponse'] as Map | undefined
  if (response && !isMap(response['response'])) broken.push(`${at}: a response is an object`)
  return broken
}

/** Each content with calls is followed by one with just their results, in the same order. */
function callRules(contents: Content[], model: string): string[] {
  const broken: string[] = []
  for (const [i, content] of contents.entries()) {
    const at = `contents[${i}]`
    const called = names(content, 'functionCall')
    const answered = names(content, 'functionResponse')
    if (called.length > 0) {
      if (contents[i - 1]?.role !== 'user') broken.push(`${at}: calls come behind the user or results`)
      const next = contents[i + 1]
      if (next && names(next, 'functionResponse').join() !== called.join())
        broken.push(`${at}: calls of ${called.join()}, results of ${names(next, 'functionResponse').join()}`)
      const first = content.parts.find((part) => part['functionCall'])
      if (/gemini-3/.test(model) && first?.['thoughtSignature'] === undefined)
        broken.push(`${at}: the first call lacks its thought_signature`)
    }
    if (answered.length > 0 && names(contents[i - 1], 'functionCall').length === 0)
      broken.push(`${at}: results behind no call`)
    if (answered.length > 0 && content.parts.some((part) => 'text' in part)) broken.push(`${at}: text among results`)
  }
  return broken
}

function generationRules(config: Map, model: string): string[] {
  const broken = unknown(config, GENERATION, 'generationConfig')
  const temperature = config['temperature']
  if (temperature !== undefined && !(Number(temperature) >= 0 && Number(temperature) <= 2))
    broken.push('temperature: 0 to 2')
  if (config['logprobs'] !== undefined && config['responseLogprobs'] !== true) broken.push('logprobs: not asked for')
  if (config['responseSchema'] !== undefined) {
    if (config['responseMimeType'] !== 'application/json') broken.push('responseSchema: without its type')
    broken.push(...schemaRules(config['responseSchema'], 'responseSchema'))
  }
  const thinking = (config['thinkingConfig'] ?? {}) as Map
  if ('thinkingBudget' in thinking && 'thinkingLevel' in thinking) broken.push('thinkingConfig: one of the two')
  if ('thinkingLevel' in thinking && !/gemini-3/.test(model)) broken.push('thinkingLevel: not known before Gemini 3')
  if (/gemini-3-pro/.test(model) && /minimal|medium/.test(String(thinking['thinkingLevel'])))
    broken.push('thinkingLevel: low or high')
  if (/2\.5-pro/.test(model) && Number(thinking['thinkingBudget'] ?? 128) < 128) broken.push('thinkingBudget: from 128')
  if (/gemini-(1|2\.0)/.test(model) && Object.keys(thinking).length > 0) broken.push('thinkingConfig: does not think')
  return broken
}

function toolRules(body: Body): string[] {
  const declared = ((body['tools'] ?? []) as Map[]).flatMap((tool) => (tool['functionDeclarations'] ?? []) as Map[])
  const called = (body['toolConfig'] as { functionCallingConfig?: Map } | undefined)?.functionCallingConfig ?? {}
  const all = declared.map((tool) => String(tool['name']))
  const broken: string[] = []
  for (const tool of (body['tools'] ?? []) as Map[])
    broken.push(...unknown(tool, words('functionDeclarations googleSearch codeExecution urlContext'), 'tools'))
  if (new Set(all).size < all.length) broken.push('tools: two of one name')
  if (called['allowedFunctionNames'] !== undefined && called['mode'] !== 'ANY')
    broken.push('toolConfig: names want ANY')
  for (const name of (called['allowedFunctionNames'] ?? []) as string[])
    if (!all.includes(name)) broken.push(`toolConfig: no tool ${name}`)
  if (called['mode'] !== undefined && declared.length === 0) broken.push('toolConfig: without tools')
  for (const tool of declared) {
    broken.push(...unknown(tool, words('name description parameters parametersJsonSchema response behavior'), 'tools'))
    if (!/^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/.test(String(tool['name'])))
      broken.push(`tools: name ${String(tool['name'])}`)
    if (tool['parameters'] !== undefined) {
      const { type, properties } = tool['parameters'] as Map
      if (type !== undefined && type !== 'object') broken.push('tools: parameters are an object')
      if (properties !== undefined && Object.keys(properties as Map).length === 0) broken.push('tools: no properties')
      broken.push(...schemaRules(tool['parameters'], String(tool['name'])))
    }
  }
  return broken
}

function schemaRules(node: unknown, at: string): string[] {
  if (!isMap(node)) return [`${at}: a schema is an object`]
  const broken = unknown(node, SCHEMA, at)
  const { type, properties, items, anyOf, required } = node
  if (type !== undefined && !TYPES.has(String(type))) broken.push(`${at}: type ${JSON.stringify(type)}`)
  if (type === 'array' && items === undefined) broken.push(`${at}: an array without items`)
  if (node['enum'] !== undefined && !(node['enum'] as unknown[]).every((value) => typeof value === 'string'))
    broken.push(`${at}: an enum holds strings`)
  if (type === 'string' && 'format' in node && !['enum', 'date-time'].includes(String(node['format'])))
    broken.push(`${at}: format ${String(node['format'])}`)
  for (const name of (required ?? []) as string[])
    if (!isMap(properties) || !Object.hasOwn(properties, name))
      broken.push(`${at}: requires ${name}, which is not there`)
  if (isMap(properties))
    for (const [key, value] of Object.entries(properties)) broken.push(...schemaRules(value, `${at}.${key}`))
  if (items !== undefined) broken.push(...schemaRules(items, `${at}[]`))
  for (const branch of (anyOf ?? []) as unknown[]) broken.push(...schemaRules(branch, `${at}|`))
  return broken
}

function names(content: Content | undefined, kind: string): string[] {
  return (content?.parts ?? []).flatMap((part) => (part[kind] ? [String((part[kind] as Map)['name'])] : []))
}

function has(content: Content, kind: string): boolean {
  return content.parts.some((part) => kind in part)
}

function unknown(map: Map, known: ReadonlySet<string>, at: string): string[] {
  return Object.keys(map).flatMap((key) => (known.has(key) ? [] : [`${at}: no field ${key}`]))
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/))
}

function isMap(value: unknown): value is Map {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
