/** Asks a sandbox over HTTP and holds whatever it answers against OpenAI's schema. */
import { expect } from 'vitest'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { faults } from './openai-schema.ts'

export type Json = Record<string, unknown>

export interface Completion {
  id: string
  created: number
  model: string
  choices: {
    index: number
    message: Message
    finish_reason: string
    logprobs: { content: { token: string; top_logprobs: unknown[] }[] } | null
  }[]
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number }
}

export interface Message {
  content: string | null
  refusal: string | null
  reasoning_content?: string
  tool_calls?: {
    id: string
    type: string
    function: { name: string; arguments: string }
    custom?: { name: string; input: string }
  }[]
  function_call?: { name: string; arguments: string }
}

export const user = (content: unknown): Json[] => [{ role: 'user', content }]

export const ask = (
  sandbox: Sandbox,
  body: Json,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> =>
  fetch(`${sandbox.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer key-1', ...headers },
    body: JSON.stringify({ model: 'sandbox', messages: user('Hello.'), ...body }),
    signal,
  })

export async function complete(sandbox: Sandbox, body: Json, headers?: Record<string, string>): Promise<Completion> {
  const response = await ask(sandbox, body, headers)
  const answer: Completion = JSON.parse(await response.text())
  expect(response.status, JSON.stringify(answer)).toBe(200)
  expect(faults('CreateChatCompletionResponse', answer)).toBe('')
  return answer
}

/** The data of every event, `[DONE]` included; each chunk held against the schema. */
export async function events(sandbox: Sandbox, body: Json): Promise<string[]> {
  const response = await ask(sandbox, { stream: true, ...body })
  expect(response.status).toBe(200)
  const data = (await response.text())
    .split(/\r?\n\r?\n/)
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /, ''))
  for (const one of data) {
    if (one !== '[DONE]' && !one.startsWith('{"error"'))
      expect(faults('CreateChatCompletionStreamResponse', JSON.parse(one))).toBe('')
  }
  return data
}

interface Chunk {
  choices: { index: number; delta: Json & Message; finish_reason: string | null }[]
  usage?: unknown
}

/** What a client puts together from a stream: the message and finish of each choice. */
export function fold(data: string[]): { messages: Message[]; finishes: string[]; usage: unknown; chunks: Chunk[] } {
  const chunks = data.filter((one) => one !== '[DONE]').map((one): Chunk => JSON.parse(one))
  const messages: Message[] = []
  const finishes: string[] = []
  for (const { index, delta, finish_reason } of chunks.flatMap((chunk) => chunk.choices)) {
    const message = (messages[index] ??= { content: null, refusal: null })
    if (typeof delta.content === 'string') message.content = (message.content ?? '') + delta.content
    if (typeof delta.refusal === 'string') message.refusal = (message.refusal ?? '') + delta.refusal
    if (delta.reasoning_content) message.reasoning_content = (message.reasoning_content ?? '') + delta.reasoning_content
    for (const piece of delta.tool_calls ?? []) {
      const calls = (message.tool_calls ??= [])
      const at = Number(Object(piece).index)
      const call = calls[at]
      if (!call) calls[at] = { id: piece.id, type: piece.type, function: { ...piece.function } }
      else call.function.arguments += piece.function.arguments
    }
    if (finish_reason !== null) finishes[index] = finish_reason
  }
  return { messages, finishes, usage: chunks.at(-1)?.usage, chunks }
}
