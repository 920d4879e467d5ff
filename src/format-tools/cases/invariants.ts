/** The rules of a stream that OpenAI's clients rely on, held against the bytes that a client would get. */
import { shapeFaults } from './openai-schema.ts'

interface ToolDelta {
  index: number
  id?: string
  type?: string
  function?: { name?: string; arguments?: string }
}

interface ChunkChoice {
  index: number
  delta: { role?: string; tool_calls?: ToolDelta[] } & Record<string, unknown>
  finish_reason: string | null
}

interface Chunk {
  id: string
  created: number
  model: string
  choices: ChunkChoice[]
  usage?: Record<string, number> | null
  error?: unknown
}

interface Choice {
  finish?: string
  /** Arguments so far of each tool call, by index. */
  calls: { name?: string; arguments: string }[]
}

/** One line a broken rule. @param asked the client asked for a usage chunk */
export function streamFaults(sse: string, asked: boolean): string[] {
  const faults = new Set<string>()
  const choices = new Map<number, Choice>()
  let first: Chunk | undefined
  let over: string | undefined
  let counted = false
  for (const event of eventsOf(sse)) {
    if (over !== undefined) faults.add(`something comes after ${over}`)
    if (!event.startsWith('data: ')) faults.add('an event does not begin with "data: "')
    const [line = '', ...further] = event.split('\n')
    const data = line.slice('data: '.length)
    // an error has a name, behind its data; nothing else has more than data
    const named = data.startsWith('{"error":') ? 'event: error' : ''
    if (further.join('\n') !== named) faults.add('an event is more than its data, or an error has no name')
    if (data === '[DONE]') {
      over = '[DONE]'
      continue
    }
    const chunk = parse(data)
    if (!chunk) {
      faults.add('an event is not valid JSON')
      continue
    }
    if (chunk.error !== undefined) {
      for (const fault of shapeFaults('error', chunk)) faults.add(fault)
      over = 'an error'
      continue
    }
    const broken = shapeFaults('chunk', chunk)
    for (const fault of broken) faults.add(fault)
    if (broken.length > 0) continue
    first ??= chunk
    if (chunk.id !== first.id || chunk.created !== first.created || chunk.model !== first.model)
      faults.add('id, created or model changes on the way')
    if (counted) faults.add('something comes after the usage chunk')
    if (asked && !('usage' in chunk)) faults.add('a chunk has no usage field')
    if (chunk.usage) {
      counted = true
      if (asked && chunk.choices.length > 0) faults.add('the usage chunk has choices')
      if (!asked && !chunk.choices.some(({ finish_reason }) => finish_reason !== null))
        faults.add('usage that nobody asked for does not stand beside the finish')
      const { prompt_tokens: prompt = 0, completion_tokens: completion = 0, total_tokens: total } = chunk.usage
      if (total !== prompt + completion)
        faults.add('total_tokens is not the sum of prompt_tokens and completion_tokens')
    } else if (chunk.choices.length === 0) faults.add('a chunk without choices is not the usage chunk')
    for (const choice of chunk.choices) choiceFaults(choice, choices, faults)
  }
  if (over === undefined) faults.add('the stream ends without [DONE]')
  if (over === '[DONE]') endFaults(choices, faults)
  return [...faults]
}

function choiceFaults({ index, delta, finish_reason }: ChunkChoice, choices: Map<number, Choice>, faults: Set<string>) {
  const known = choices.get(index)
  const choice: Choice = known ?? { calls: [] }
  choices.set(index, choice)
  if (!known && delta.role !== 'assistant') faults.add('the first delta of a choice has no role')
  if (known && delta.role !== undefined) faults.add('the role is told twice')
  if (choice.finish !== undefined) faults.add('something comes after the finish')
  if (finish_reason !== null) {
    choice.finish = finish_reason
    if (Object.keys(delta).length > 0) faults.add('the delta beside the finish is not empty')
  }
  for (const call of delta.tool_calls ?? []) toolFaults(call, choice, faults)
}

function toolFaults(call: ToolDelta, { calls }: Choice, faults: Set<string>): void {
  const known = calls[call.index]
  if (known) {
    if (call.id !== undefined || call.type !== undefined || call.function?.name !== undefined)
      faults.add('id, type or name of a tool call is told twice')
    known.arguments += call.function?.arguments ?? ''
    return
  }
  if (call.index !== calls.length) faults.add('the indices of tool calls have a gap')
  if (call.id === undefined || call.type === undefined || call.function?.name === undefined)
    faults.add('the first delta of a tool call lacks id, type or name')
  calls[call.index] = { name: call.function?.name, arguments: call.function?.arguments ?? '' }
}

function endFaults(choices: Map<number, Choice>, faults: Set<string>): void {
  if (choices.size === 0) faults.add('the stream has no choice')
  for (const { finish, calls } of choices.values()) {
    if (finish === undefined) faults.add('a choice has no finish_reason')
    if (calls.length > 0 && finish === 'stop') faults.add('finish_reason is stop after a tool call')
    if (calls.length === 0 && finish === 'tool_calls') faults.add('finish_reason is tool_calls without a tool call')
    // what was cut off at the length has no end of its JSON either
    if (finish === 'length') continue
    for (const call of calls) {
      if (call && !isJson(call.arguments)) faults.add(`the arguments of ${call.name} are not valid JSON`)
    }
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function parse(text: string): Chunk | undefined {
  try {
    return JSON.parse(text) as Chunk
  } catch {
    return undefined
  }
}

/** Without comments, of which each is a line. */
function eventsOf(sse: string): string[] {
  return sse
    .replaceAll(/^:.*\n/gm, '')
    .split(/\n{2,}/)
    .filter((event) => event.trim() !== '')
}
