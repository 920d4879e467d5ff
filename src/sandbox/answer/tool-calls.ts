/** Which of the offered tools the prompt asks for, and with what arguments. */
import { jsonFromSchema } from './json-from-schema.ts'
import { hintsIn } from './hints.ts'
import { ownWords } from './own-words.ts'
import { hashOf, randomOf } from './random.ts'
import { listOf, objectOf } from '../request.ts'
import type { OfferedTool, ReadMessage, SandboxRequest } from '../request.ts'

export interface MadeCall {
  id: string
  name: string
  /** JSON text, or the plain input of a custom tool. */
  arguments: string
  custom: boolean
}

/** Verbs and fillers that many tools share: they name a tool only where it has no other word. */
const COMMON = new Set(
  'get set find list fetch search look lookup read write run call make do use tool function current the a an of for to by with in'.split(
    ' ',
  ),
)

/** Characters at the end of a message that ask for something; an agent puts pages of context before, which name many tools. */
const LAST_WORDS = 1000

/** Empty where the answer is to be text. `variant` tells the choices of one answer apart. */
export function callsFor(request: SandboxRequest, variant: number): MadeCall[] {
  if (request.tools.length === 0 || request.choice === 'none') return []
  const last = request.messages.at(-1)
  const asked = request.messages.findLast((message) => message.role === 'user')?.text ?? ''
  const text = ownWords(asked).slice(-LAST_WORDS)
  const called = request.tools.filter((tool) => isNamed(tool, text))
  let chosen: OfferedTool[] = []
  if (typeof request.choice === 'object') {
    const { name } = request.choice
    chosen = request.tools.filter((tool) => tool.name === name)
  } else if (request.choice === 'required') chosen = called.length > 0 ? called : request.tools.slice(0, 1)
  else if (last?.role === 'user')
    chosen = called.length === 0 && /\btools?\b/i.test(text) ? request.tools.slice(0, 1) : called
  const calls = chosen.flatMap((tool) => callsOf(tool, text, `${request.seed}${variant}`))
  const wanted = request.parallel ? calls : calls.slice(0, 1)
  return wanted.map((call, index) => ({ id: idOf(request.messages, `${request.seed}${variant}:${index}`), ...call }))
}

/** Its whole name stands in the text, or one of the words that make the name its own. */
function isNamed(tool: OfferedTool, text: string): boolean {
  if (text.includes(tool.name)) return true
  const words = splitName(tool.name)
  const own = words.filter((word) => word.length > 2 && !COMMON.has(word))
  const said = new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))
  return (own.length > 0 ? own : words).some((word) => said.has(word) || said.has(`${word}s`))
}

const splitName = (name: string): string[] =>
  name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')

/** One call; several where the text names several things and the tool takes just one: "the weather in Oslo and Rome". */
function callsOf(tool: OfferedTool, text: string, seed: string): Omit<MadeCall, 'id'>[] {
  const { name, parameters } = tool
  if (parameters === null) return [{ name, arguments: text, custom: true }]
  const hints = hintsIn(text.replaceAll(tool.name, ' '))
  const each =
    takesOneText(parameters) && hints.texts.length > 1
      ? hints.texts.map((one) => ({ ...hints, texts: [one] }))
      : [hints]
  const onlyRequired = listOf(parameters['required']).length > 0
  return each.map((some, index) => {
    const made = jsonFromSchema(parameters, randomOf(`${seed}${name}${index}`), some, !onlyRequired)
    return { name, arguments: JSON.stringify(made), custom: false }
  })
}

function takesOneText(parameters: Record<string, unknown>): boolean {
  const properties = Object.entries(objectOf(parameters['properties']))
  const required = listOf(parameters['required'])
  const needed = required.length > 0 ? properties.filter(([name]) => required.includes(name)) : properties
  const [first, second] = needed
  return first !== undefined && second === undefined && objectOf(first[1])['type'] === 'string'
}

function idOf(messages: ReadMessage[], seed: string): string {
  const taken = new Set(messages.flatMap((message) => message.calls.map((call) => call.id)))
  let id = `call_${hashOf(seed).slice(0, 24)}`
  while (taken.has(id)) id = `call_${hashOf(id).slice(0, 24)}`
  return id
}
