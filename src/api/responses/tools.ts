/** Tools of a Responses request as OpenAI's chat tools, and the choice among them. */
import { madeOf, once, recurs } from '../../runtime/recurring.ts'
import { asWord, filled, isRecord } from '../chat-completions/json-value.ts'

type Json = Record<string, unknown>

export interface ReadTools {
  tools: Json[]
  choice: unknown
  /** Kinds that an upstream of another wire cannot run, left out. */
  hosted: string[]
  /** The client insists on a hosted tool: why no upstream of another wire will do. */
  insists?: string
  /** From a flat name to the tool of a namespace. */
  spaced: ReadonlyMap<string, Namespaced>
}

export interface Namespaced {
  namespace: string
  name: string
}

const NONE: ReadonlyMap<string, Namespaced> = new Map()
const BETWEEN = '__'

/** A call's tool as chat knows it: tools of a namespace have it before their name. */
export function toolName({ name, namespace }: Json): string {
  const space = filled(namespace)
  return space === undefined ? asWord(name) : `${space}${BETWEEN}${asWord(name)}`
}

/** @param added tools that came in the middle of the conversation */
export function readTools(declared: unknown[], added: readonly unknown[], choice: unknown): ReadTools {
  const sorted = added.length === 0 ? once(declared, sortTools) : sortTools([...declared, ...added])
  const read: ReadTools = { ...sorted, ...chosen(choice) }
  const [first] = read.hosted
  if (first !== undefined && read.tools.length === 0 && isRequired(choice))
    read.insists ??= `tool_choice asks for a tool, and ${first} is run`
  return read
}

function sortTools(declared: unknown[]): Pick<ReadTools, 'tools' | 'hosted' | 'spaced'> {
  const tools: Json[] = []
  const hosted: string[] = []
  const spaced = new Map<string, Namespaced>()
  const names = new Set<string>()
  const add = (tool: Json | undefined, name: string): void => {
    // a list that grows in the conversation names some again
    if (!tool || names.has(name)) return
    names.add(name)
    tools.push(tool)
  }
  for (const tool of declared) {
    if (!isRecord(tool)) continue
    if (tool['type'] === 'namespace' && Array.isArray(tool['tools'])) {
      for (const inner of tool['tools'].filter(isRecord)) {
        const name = toolName({ name: inner['name'], namespace: tool['name'] })
        if (filled(tool['name'])) spaced.set(name, { namespace: asWord(tool['name']), name: asWord(inner['name']) })
        add(chatTool({ ...inner, name }), name)
      }
      continue
    }
    const made = chatTool(tool)
    if (made) add(made, asWord(tool['name']))
    else hosted.push(asWord(tool['type']))
  }
  if (madeOf(declared)) recurs(tools)
  return { tools, hosted, spaced: spaced.size > 0 ? spaced : NONE }
}

function chatTool(tool: Json): Json | undefined {
  const { type, name, description, parameters, strict, format } = tool
  if (filled(name) === undefined) return undefined
  const said = filled(description) === undefined ? {} : { description }
  if (type === 'function') {
    const rest = {
      ...said,
      ...(isRecord(parameters) && { parameters }),
      ...(typeof strict === 'boolean' && { strict }),
    }
    return { type, function: { name, ...rest } }
  }
  if (type !== 'custom') return undefined
  const isGrammar = isRecord(format) && format['type'] === 'grammar'
  const grammar = isGrammar ? { syntax: format['syntax'], definition: format['definition'] } : undefined
  const form = isRecord(format) ? { format: grammar ? { type: 'grammar', grammar } : format } : {}
  return { type, custom: { name, ...said, ...form } }
}

function chosen(choice: unknown): Pick<ReadTools, 'choice' | 'insists'> {
  if (!isRecord(choice)) return { choice }
  const { type } = choice
  if (type === 'function' || type === 'custom') return { choice: named(choice) }
  if (type === 'allowed_tools') {
    const tools = Array.isArray(choice['tools']) ? choice['tools'].filter(isRecord) : []
    const known = tools.filter((tool) => tool['type'] === 'function' || tool['type'] === 'custom').map(named)
    return { choice: { type, allowed_tools: { mode: choice['mode'] ?? 'auto', tools: known } } }
  }
  const insists = `tool_choice asks for ${asWord(type)}, which is run`
  return { choice: 'auto', insists }
}

function isRequired(choice: unknown): boolean {
  return (
    choice === 'required' || (isRecord(choice) && choice['type'] === 'allowed_tools' && choice['mode'] === 'required')
  )
}

function named(tool: Json): Json {
  const { type } = tool
  return { type, [asWord(type)]: { name: toolName(tool) } }
}
