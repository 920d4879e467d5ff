/** Tools and the choice among them, in OpenAI's form. */
import { madeOf, once, recurs } from '../../../runtime/recurring.ts'
import { asWord, filled, isRecord } from '../../chat-completions/json-value.ts'
import { invalid } from '../../chat-completions/request/invalid.ts'

type Map = Record<string, unknown>

export interface ChatTools {
  tools: Map[]
  choice: unknown
  parallel: boolean | undefined
  /** Why only an upstream of the same API can answer, where that is so. */
  needs?: string
}

/** @param added tools that came in the middle of the conversation */
export function toChatTools(body: Map, added: readonly Map[], losses: string[]): ChatTools {
  const declared = Array.isArray(body['tools']) ? once(body['tools'] as unknown[], sorted) : NONE
  const { functions: tools, foreign, losses: left } = added.length > 0 ? joined(declared, sorted([...added])) : declared
  losses.push(...left)
  const asked = isRecord(body['tool_choice']) ? body['tool_choice'] : {}
  const [name = ''] = asked['type'] === 'tool' ? [toolOf(asked)] : tools.length === 0 ? foreign : []
  const isForced = (asked['type'] === 'tool' || asked['type'] === 'any') && foreign.has(name)
  return {
    tools,
    choice: choiceOf(asked),
    parallel: asked['disable_parallel_tool_use'] === true ? false : undefined,
    ...(isForced && {
      needs: `the tool ${name}, which must be called, is one that a vendor runs or knows`,
    }),
  }
}

/** Tools by who runs them. */
interface Sorted {
  functions: Map[]
  /** Names of those that a vendor runs or knows. */
  foreign: ReadonlySet<string>
  losses: string[]
}

const NONE: Sorted = { functions: [], foreign: new Set(), losses: [] }

function sorted(tools: unknown[]): Sorted {
  const functions: Map[] = []
  const foreign = new Set<string>()
  const losses: string[] = []
  for (const tool of list(tools)) {
    const name = filled(tool['name']) ?? ''
    if (tool['type'] === undefined || tool['type'] === 'custom') {
      if (name !== '' && isRecord(tool['input_schema'])) functions.push(toFunction(tool))
    } else {
      foreign.add(name)
      losses.push(`tools: ${asWord(tool['type']).slice(0, 60)} is for an upstream of the same API, left out`)
    }
  }
  if (madeOf(tools)) recurs(functions)
  return { functions, foreign, losses }
}

function joined(some: Sorted, more: Sorted): Sorted {
  return {
    functions: [...some.functions, ...more.functions],
    foreign: new Set([...some.foreign, ...more.foreign]),
    losses: [...some.losses, ...more.losses],
  }
}

function toFunction(tool: Map): Map {
  const description = filled(tool['description'])
  return {
    type: 'function',
    function: {
      name: tool['name'],
      ...(description !== undefined && { description }),
      parameters: tool['input_schema'],
      ...(typeof tool['strict'] === 'boolean' && { strict: tool['strict'] }),
    },
    ...(isRecord(tool['cache_control']) && { cache_control: tool['cache_control'] }),
    ...hintsOf(tool),
  }
}

/** What only this API's own models read: for one of them behind another wire. */
function hintsOf(tool: Map): Map {
  return Object.fromEntries(HINTS.flatMap((field) => (tool[field] === undefined ? [] : [[field, tool[field]]])))
}

const HINTS = ['defer_loading', 'allowed_callers', 'input_examples', 'eager_input_streaming']

function toolOf({ name }: Map): string {
  if (filled(name) === undefined) throw invalid('tool_choice.name: Field required', 'tool_choice.name')
  return String(name)
}

function choiceOf(choice: Map): unknown {
  switch (choice['type']) {
    case 'any':
      return 'required'
    case 'tool':
      return { type: 'function', function: { name: toolOf(choice) } }
    case 'none':
    case 'auto':
      return choice['type']
    default:
      return undefined
  }
}

function list(value: unknown): Map[] {
  return Array.isArray(value) ? value.filter(isRecord) : []
}
