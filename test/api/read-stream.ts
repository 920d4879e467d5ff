import { expect } from 'vitest'
import { against } from './openai-schema.ts'

export interface ReadStream {
  chunks: Chunk[]
  text: string
  reasoning: string
  tools: { id?: string; name?: string; arguments: string }[]
  finishes: Map<number, string>
  usage?: Record<string, unknown>
  error?: { message: string; code: string | null; type: string }
  done: boolean
}

export interface Chunk {
  id: string
  created: number
  model: string
  choices: { index: number; delta: Record<string, unknown>; finish_reason: string | null; logprobs?: unknown }[]
  usage?: Record<string, unknown> | null
  error?: { message: string; code: string | null; type: string }
  [field: string]: unknown
}

/** Reads a stream as a strict client would: each rule of OpenAI's chunks is held. */
export function readStream(sse: string, includeUsage: boolean): ReadStream {
  const read: ReadStream = { chunks: [], text: '', reasoning: '', tools: [], finishes: new Map(), done: false }
  const roles = new Set<number>()
  for (const event of sse.split('\n\n')) {
    if (event === '') continue
    expect(event.startsWith('data: ')).toBe(true)
    const [line = '', ...further] = event.split('\n')
    const data = line.slice(6)
    expect(further, 'a name for faults alone, behind the data').toEqual(
      data.startsWith('{"error":') ? ['event: error'] : [],
    )
    expect(read.done, 'nothing after [DONE]').toBe(false)
    expect(read.error, 'nothing after an error').toBeUndefined()
    if (data === '[DONE]') {
      read.done = true
      continue
    }
    const chunk = JSON.parse(data) as Chunk
    if (chunk.error !== undefined) {
      expect(against('ErrorResponse', chunk)).toBeUndefined()
      read.error = chunk.error
      continue
    }
    expect(against('CreateChatCompletionStreamResponse', asPublished(chunk))).toBeUndefined()
    read.chunks.push(chunk)
    const first = read.chunks[0]
    expect([chunk.id, chunk.created, chunk.model]).toEqual([first?.id, first?.created, first?.model])
    if (includeUsage) expect('usage' in chunk).toBe(true)
    if (chunk.usage && !includeUsage) {
      // nobody asked for a chunk of its own
      expect(chunk.choices[0]?.finish_reason, 'usage with the end').not.toBeNull()
      expect(read.usage, 'usage once').toBeUndefined()
      read.usage = chunk.usage
    } else if (chunk.usage) {
      expect(read.usage, 'one usage chunk').toBeUndefined()
      expect(chunk.choices).toEqual([])
      read.usage = chunk.usage
    } else expect(chunk.choices).toHaveLength(1)
    for (const choice of chunk.choices) readChoice(read, roles, choice)
  }
  return read
}

/** OpenAI streams calls of custom tools, which its published schema of a chunk does not know: they are held to a function's. */
function asPublished(chunk: Chunk): Chunk {
  const choices = chunk.choices.map((choice) => {
    const calls = choice.delta['tool_calls'] as Record<string, unknown>[] | undefined
    if (!calls?.some((call) => 'custom' in call || call['type'] === 'custom')) return choice
    const tool_calls = calls.map(({ custom, type, ...call }) => {
      if (custom === undefined) return { type, ...call }
      const { name, input } = custom as Record<string, unknown>
      return { ...call, ...(type === 'custom' && { type: 'function' }), function: { name, arguments: input } }
    })
    return { ...choice, delta: { ...choice.delta, tool_calls } }
  })
  return { ...chunk, choices }
}

function readChoice(read: ReadStream, roles: Set<number>, choice: Chunk['choices'][number]): void {
  const { index, delta } = choice
  expect(read.finishes.has(index), 'nothing after the finish').toBe(false)
  if ('role' in delta) {
    expect(roles.has(index), 'role once').toBe(false)
    roles.add(index)
  }
  expect(roles.has(index), 'role first').toBe(true)
  if (choice.finish_reason !== null) {
    expect(delta).toEqual({})
    read.finishes.set(index, choice.finish_reason)
  }
  if (index !== 0) return
  read.text += (delta['content'] as string | null | undefined) ?? ''
  read.reasoning += (delta['reasoning_content'] as string | undefined) ?? ''
  type ToolDelta = { index: number; id?: string; type?: string; function?: { name?: string; arguments?: string } }
  for (const call of (delta['tool_calls'] as ToolDelta[] | undefined) ?? []) {
    const known = read.tools[call.index]
    if (known === undefined) {
      expect(call.index, 'dense indices').toBe(read.tools.length)
      expect(call.id, 'an id in the first delta').toBeTruthy()
      read.tools.push({ id: call.id, name: call.function?.name, arguments: call.function?.arguments ?? '' })
    } else {
      expect([call.id, call.type, call.function?.name], 'identity once').toEqual([undefined, undefined, undefined])
      known.arguments += call.function?.arguments ?? ''
    }
  }
}
