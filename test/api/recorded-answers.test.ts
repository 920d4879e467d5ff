import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../src/chat/error.ts'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { against } from './openai-schema.ts'
import { readStream } from './read-stream.ts'
import { eventsOf, isRecordedHere, recordings, type Gold, type Recording } from './recorded.ts'

const meta = { model: 'what-the-client-asked-for', created: 1_760_000_000 }
const request = (recording: Recording) => ({
  include_usage: true,
  legacy_functions: false,
  body: recording.request ?? {},
})

/** Counting the upstream's own way is its format's business, not that of this side. */
const countsItsOwnWay = new Set(['xai'])
const FINISH: Record<string, string> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
}

describe.skipIf(!isRecordedHere)('recorded answers of OpenAI-like upstreams (skipped where no recordings are)', () => {
  const all = recordings('openai-chat').filter((recording) => recording.status < 400)

  test.each(all.filter((each) => each.stream).map((each) => [each.id, each] as const))(
    'a client streams %s',
    (_, recording) => {
      const { chunks, terminated } = eventsOf(recording.response_text ?? '')
      const writer = createChunkWriter(request(recording), meta)
      const sse = chunks.map((chunk) => writer.write([{ chunk }])).join('') + writer.end(terminated)
      const read = readStream(sse, true)
      const { gold } = recording
      expect(read.text).toBe(gold.text ?? '')
      if (gold.error !== undefined) return expect(read.error?.message).toBe(gold.error.message)
      expect(read.error).toBeUndefined()
      expect(read.done).toBe(true)
      if (gold.reasoning) expect(read.reasoning).toBe(gold.reasoning)
      expect(read.tools.map(parsed)).toEqual(wanted(gold))
      expect(read.finishes.get(0)).toBe(finish(gold))
      expectUsage(recording, read.usage)

      const completion = createCompletion(request(recording), meta)
      for (const chunk of chunks) completion.take([{ chunk }])
      expectCompletion(recording, completion.end(terminated))
    },
  )

  test.each(all.filter((each) => !each.stream).map((each) => [each.id, each] as const))(
    'a client reads %s',
    (_, recording) => {
      const chunk = recording.response ?? {}
      const completion = createCompletion(request(recording), meta)
      const answer = () => (completion.take([{ chunk }]), completion.end(true))
      if (recording.gold.error !== undefined) return expect(answer).toThrow(GatewayError)
      expectCompletion(recording, answer())

      const writer = createChunkWriter(request(recording), meta)
      const read = readStream(writer.write([{ chunk: recording.response ?? {} }]) + writer.end(true), true)
      expect(read.text).toBe(recording.gold.text ?? '')
      expect(read.tools.map(parsed)).toEqual(wanted(recording.gold))
    },
  )
})

function expectCompletion(recording: Recording, body: Record<string, unknown>): void {
  const { gold } = recording
  expect(against('CreateChatCompletionResponse', JSON.parse(JSON.stringify(body)))).toBeUndefined()
  const [choice] = body['choices'] as { message: Record<string, unknown>; finish_reason: string }[]
  expect(body['model']).toBe(meta.model)
  expect(choice?.message['content'] ?? '').toBe(gold.text ?? '')
  if (gold.reasoning) expect(choice?.message['reasoning_content']).toBe(gold.reasoning)
  const calls = (choice?.message['tool_calls'] ?? []) as { id: string; function: { name: string; arguments: string } }[]
  expect(calls.map((call) => parsed({ id: call.id, ...call.function }))).toEqual(wanted(gold))
  expect(choice?.finish_reason).toBe(finish(gold))
  expectUsage(recording, body['usage'] as Record<string, unknown> | undefined)
}

function expectUsage({ provider, gold }: Recording, usage: Record<string, unknown> | undefined): void {
  if (gold.usage?.input === undefined || gold.usage.input === null || countsItsOwnWay.has(provider)) return
  expect(usage).toMatchObject({ prompt_tokens: gold.usage.input, completion_tokens: gold.usage.output })
  if (gold.usage.cached) expect(usage).toMatchObject({ prompt_tokens_details: { cached_tokens: gold.usage.cached } })
}

function finish(gold: Gold): string | undefined {
  const word = FINISH[gold.finish ?? ''] ?? 'stop'
  return word === 'stop' && gold.tool_calls?.length ? 'tool_calls' : word
}

function wanted(gold: Gold): unknown[] {
  return (gold.tool_calls ?? []).map((call) => ({
    id: call.id || expect.stringMatching(/^call_/),
    name: call.name,
    arguments: call.arguments ?? {},
  }))
}

function parsed(call: { id?: string; name?: string; arguments: string }): unknown {
  return { id: call.id, name: call.name, arguments: JSON.parse(call.arguments) as unknown }
}
