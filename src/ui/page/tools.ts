/** Tools of the playground: read from what was written in any of the APIs' forms, and the calls that an answer makes of them. */
import { field, readJson } from './api.ts'

export interface Tool {
  name: string
  description: string
  /** A JSON Schema. */
  parameters: unknown
}

/** One call of an answer, and what is told of it. */
export interface Call {
  id: string
  name: string
  /** JSON, as far as it has come. */
  args: string
  result?: string
  /** What the vendor wants back with the call, such as a signed thought. */
  extra?: unknown
}

/** What an event adds to a call: `at` says to which; to a new one where it says nothing. */
export interface CallPiece extends Partial<Call> {
  at?: unknown
}

export const EXAMPLE = `[
  {
    "name": "weather",
    "description": "The weather of a city",
    "parameters": {
      "type": "object",
      "properties": { "city": { "type": "string" } },
      "required": ["city"]
    }
  }
]`

/** @returns undefined for a text that is no list of tools; one tool may stand without the list */
export function readTools(text: string): Tool[] | undefined {
  if (text.trim() === '') return []
  const told = readJson(text)
  if (told === undefined) return undefined
  const list = (Array.isArray(told) ? (told as unknown[]) : [told]).flatMap((each) => {
    // the lists of generateContent stand one deeper
    const declared = field(each, 'functionDeclarations') ?? field(each, 'function_declarations')
    return Array.isArray(declared) ? (declared as unknown[]) : [field(each, 'function') ?? each]
  })
  const tools = list.flatMap((each): Tool[] => {
    const name = field(each, 'name')
    if (typeof name !== 'string' || name === '') return []
    const parameters = field(each, 'parameters') ?? field(each, 'input_schema') ?? { type: 'object', properties: {} }
    return [{ name, description: String(field(each, 'description') ?? ''), parameters }]
  })
  return tools.length === list.length ? tools : undefined
}

/** The calls so far, by where they stand in the answer. */
export class Calls {
  private readonly places: unknown[] = []
  private readonly calls: Call[] = []

  add({ at, id, name, args, extra }: CallPiece): void {
    const known = at === undefined ? -1 : this.places.indexOf(at)
    if (known < 0) {
      this.places.push(at)
      const own = id || `call_${this.calls.length + 1}`
      this.calls.push({ id: own, name: name ?? '', args: args ?? '', ...(extra !== undefined && { extra }) })
      return
    }
    const call = this.calls[known] as Call
    if (id) call.id = id
    if (name) call.name = name
    call.args += args ?? ''
    if (extra !== undefined) call.extra = extra
  }

  list(): Call[] {
    return this.calls.map((call) => ({ ...call }))
  }
}

/** For APIs that want the arguments as a value. */
export function argsOf({ args }: Call): unknown {
  return readJson(args) ?? {}
}
