import { expect } from 'vitest'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { against } from './openai-schema.ts'
import { readStream, type Chunk, type ReadStream } from './read-stream.ts'

export const meta = { model: 'asked', created: 1_760_000_000 }
export interface Asked {
  include_usage?: boolean
  legacy_functions?: boolean
  body?: Record<string, unknown>
}

/** Streams deltas to a strict client. `ended`: whether the upstream's terminator was seen. */
export function stream(deltas: Delta[], asked: Asked = {}, ended = true): ReadStream {
  const request = { include_usage: false, legacy_functions: false, body: {}, ...asked }
  const writer = createChunkWriter(request, meta)
  return readStream(writer.write(structuredClone(deltas)) + writer.end(ended), request.include_usage)
}

export type Message = Record<string, unknown> & {
  tool_calls?: { id: string; function: { name: string; arguments: string } }[]
}
export interface Completion {
  choices: { index: number; message: Message; finish_reason: string; logprobs: unknown }[]
  usage?: Record<string, unknown>
  [field: string]: unknown
}

export function complete(deltas: Delta[], asked: Asked = {}, ended = true): Completion {
  const fold = createCompletion({ legacy_functions: false, body: {}, ...asked }, meta)
  fold.take(structuredClone(deltas))
  const body = JSON.parse(JSON.stringify(fold.end(ended))) as Completion
  expect(against('CreateChatCompletionResponse', body)).toBeUndefined()
  return body
}

export const chunk = (
  delta: Record<string, unknown>,
  finish: string | null = null,
  fields: Record<string, unknown> = {},
): Delta => ({
  chunk: {
    id: 'up',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'theirs',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...fields,
  },
})
export const deltasOf = (read: ReadStream): Record<string, unknown>[] =>
  read.chunks.flatMap((each: Chunk) => each.choices.map((choice) => choice.delta))
export const stop: Delta = { finish_reason: 'stop' }
