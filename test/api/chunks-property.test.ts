import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { against } from './openai-schema.ts'
import { readStream } from './read-stream.ts'

const meta = { model: 'm', created: 1 }
const request = { include_usage: true, legacy_functions: false, body: {} }

const text = fc.string({ minLength: 1, unit: 'binary' })
const toolArguments = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4 })

interface Said {
  kind: 'text' | 'reasoning' | 'call'
  text: string
  name: string
  arguments: Record<string, unknown>
}

/** What an answer says, and one of the many ways to say it in deltas. */
const answer = fc.array(
  fc.record({
    kind: fc.constantFrom<Said['kind']>('text', 'reasoning', 'call'),
    text,
    name: fc.stringMatching(/^[a-z]{1,9}$/),
    arguments: toolArguments,
  }),
  { minLength: 1, maxLength: 8 },
)

/** Cuts a text at the given places. */
function cut(whole: string, places: number[]): string[] {
  const at = [...new Set(places.map((place) => place % (whole.length + 1)))].sort((a, b) => a - b)
  return [...at, whole.length]
    .map((end, index) => whole.slice(index === 0 ? 0 : at[index - 1], end))
    .filter((piece) => piece !== '')
}

function toDeltas(said: Said[], places: number[], asChunks: boolean): Delta[] {
  const deltas = said.flatMap(({ kind, text, name, arguments: args }, index): Delta[] => {
    if (kind === 'text') return cut(text, places).map((piece) => ({ text: piece }))
    if (kind === 'reasoning') return cut(text, places).map((piece) => ({ reasoning: piece }))
    const pieces = cut(JSON.stringify(args), places)
    return [
      { tool_call: { index: index * 3, id: `id${index}`, name } },
      ...pieces.map((piece) => ({ tool_call: { index: index * 3, arguments: piece } })),
    ]
  })
  return asChunks ? deltas.map(toChunk) : deltas
}

/** The same delta as an OpenAI-like upstream would send it. */
function toChunk({ text, reasoning, tool_call }: Delta): Delta {
  const call = tool_call && {
    index: tool_call.index,
    id: tool_call.id ?? '',
    function: { name: tool_call.name ?? '', arguments: tool_call.arguments ?? '' },
  }
  const delta = {
    content: text ?? null,
    ...(reasoning !== undefined && { reasoning }),
    ...(call && { tool_calls: [call] }),
  }
  return { chunk: { id: 'up', created: 5, choices: [{ index: 0, delta, finish_reason: null }] } }
}

const cuts = fc.array(fc.nat(), { maxLength: 6 })

test('whatever is said arrives whole, however it is cut and whoever says it', () => {
  fc.assert(
    fc.property(answer, cuts, fc.boolean(), (said, places, asChunks) => {
      const deltas: Delta[] = [...toDeltas(said, places, asChunks), { finish_reason: 'stop' }]
      const writer = createChunkWriter(request, meta)
      const read = readStream(writer.write(deltas) + writer.end(true), true)
      const all = (kind: Said['kind']) => said.filter((each) => each.kind === kind)
      if (
        read.text !==
        all('text')
          .map((each) => each.text)
          .join('')
      )
        return false
      if (
        read.reasoning !==
        all('reasoning')
          .map((each) => each.text)
          .join('')
      )
        return false
      const calls = all('call').map(({ name, arguments: args }) => [name, JSON.stringify(args)])
      return JSON.stringify(read.tools.map((tool) => [tool.name, tool.arguments])) === JSON.stringify(calls)
    }),
    { numRuns: 300 },
  )
})

test('how deltas are grouped into reads makes no difference', () => {
  fc.assert(
    fc.property(answer, cuts, fc.boolean(), (said, places, asChunks) => {
      const deltas: Delta[] = [{ id: 'x' }, ...toDeltas(said, places, asChunks), { finish_reason: 'stop' }]
      const together = createChunkWriter(request, meta)
      const apart = createChunkWriter(request, meta)
      const one = together.write(structuredClone(deltas)) + together.end(true)
      return one === deltas.map((delta) => apart.write([delta])).join('') + apart.end(true)
    }),
    { numRuns: 200 },
  )
})

test('a stream and a whole answer say the same', () => {
  fc.assert(
    fc.property(answer, cuts, fc.boolean(), (said, places, asChunks) => {
      const deltas: Delta[] = [...toDeltas(said, places, asChunks), { finish_reason: 'stop' }]
      const writer = createChunkWriter(request, meta)
      const read = readStream(writer.write(structuredClone(deltas)) + writer.end(true), true)
      const completion = createCompletion(request, meta)
      completion.take(deltas)
      const [choice] = completion.end(true)['choices'] as { message: Record<string, unknown>; finish_reason: string }[]
      const calls = (choice?.message['tool_calls'] ?? []) as {
        id: string
        function: { name: string; arguments: string }
      }[]
      return (
        (choice?.message['content'] ?? '') === read.text &&
        (choice?.message['reasoning_content'] ?? '') === read.reasoning &&
        choice?.finish_reason === read.finishes.get(0) &&
        JSON.stringify(calls.map((call) => ({ id: call.id, ...call.function }))) === JSON.stringify(read.tools)
      )
    }),
    { numRuns: 200 },
  )
})

/** Anything at all where an upstream should have put something of a certain kind. */
const odd = fc.oneof(fc.constantFrom(null, '', 0, -1, 1.5, true, [], {}, [null], 'null'), fc.jsonValue({ maxDepth: 2 }))
const oddObject = (keys: string[]) => fc.record(Object.fromEntries(keys.map((key) => [key, odd])), { requiredKeys: [] })
const oddCall = fc.oneof(
  odd,
  fc.record(
    { index: odd, id: odd, type: odd, function: fc.oneof(odd, oddObject(['name', 'arguments'])), custom: odd },
    { requiredKeys: [] },
  ),
)
const oddDelta = fc.record(
  {
    role: odd,
    content: fc.oneof(odd, fc.array(oddObject(['type', 'text', 'thinking']))),
    reasoning: odd,
    reasoning_content: odd,
    reasoning_details: fc.oneof(odd, fc.array(oddObject(['type', 'text', 'data', 'index', 'signature']))),
    refusal: odd,
    tool_calls: fc.oneof(odd, fc.array(oddCall)),
    function_call: fc.oneof(odd, oddObject(['name', 'arguments'])),
    annotations: fc.oneof(odd, fc.array(oddObject(['type', 'url_citation']))),
    audio: odd,
  },
  { requiredKeys: [] },
)
const oddChoice = fc.record(
  {
    index: fc.oneof(odd, fc.constantFrom(0, 1)),
    delta: fc.oneof(odd, oddDelta),
    message: fc.oneof(odd, oddDelta),
    finish_reason: fc.oneof(odd, fc.constantFrom('stop', 'length', 'eos')),
    logprobs: fc.oneof(odd, fc.record({ content: fc.array(oddObject(['token', 'logprob', 'top_logprobs'])) })),
  },
  { requiredKeys: [] },
)
const oddChunk = fc.record(
  {
    id: odd,
    created: odd,
    choices: fc.oneof(odd, fc.array(fc.oneof(odd, oddChoice))),
    usage: fc.oneof(
      odd,
      oddObject([
        'prompt_tokens',
        'completion_tokens',
        'total_tokens',
        'prompt_tokens_details',
        'completion_tokens_details',
      ]),
    ),
    service_tier: odd,
    system_fingerprint: odd,
    metadata: odd,
    moderation: odd,
    more: odd,
  },
  { requiredKeys: [] },
)

test('however odd an upstream is, a client gets OpenAI’s chunks or an error in OpenAI’s shape', () => {
  fc.assert(
    fc.property(fc.array(oddChunk, { maxLength: 6 }), fc.boolean(), (chunks, terminated) => {
      const writer = createChunkWriter(request, meta)
      const read = readStream(chunks.map((chunk) => writer.write([{ chunk }])).join('') + writer.end(terminated), true)
      expect(writer.fault()?.kind).not.toBe('internal')
      expect(read.done).toBe(writer.fault() === undefined)
    }),
    { numRuns: 500 },
  )
})

test('however odd an upstream is, a whole answer is OpenAI’s', () => {
  fc.assert(
    fc.property(fc.array(oddChunk, { maxLength: 6 }), (chunks) => {
      const completion = createCompletion(request, meta)
      try {
        completion.take(chunks.map((chunk) => ({ chunk })))
        expect(
          against('CreateChatCompletionResponse', JSON.parse(JSON.stringify(completion.end(true)))),
        ).toBeUndefined()
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
      }
    }),
    { numRuns: 500 },
  )
})
