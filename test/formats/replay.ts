/** Plays recorded vendor bytes through a shipped format and OpenAI's side of the gateway: what would a client be told? */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { GatewayError } from '../../src/chat/error.ts'
import type { Delta } from '../../src/chat/delta.ts'
import { createChunkWriter } from '../../src/api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../src/api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { answerDeltas } from '../../src/upstream/response/answer-deltas.ts'
import type { Format } from '../../src/upstream/types.ts'
import { readStream } from '../api/read-stream.ts'
import type { Recording } from '../api/recorded.ts'

export interface Recorded extends Recording {
  model: string | null
  response_base64?: string
  response_headers: Record<string, string>
}

export interface Told {
  text: string
  reasoning: string
  tools: { id?: string; name?: string; arguments: string }[]
  finish?: string
  usage?: Record<string, unknown>
  error?: { message: string; status?: number }
}

export const BY_FAMILY: Record<string, string> = {
  anthropic: 'anthropic',
  'bedrock-converse': 'bedrock',
  'bedrock-invoke-anthropic': 'bedrock-anthropic',
  cohere: 'cohere',
  gemini: 'gemini',
  'openai-chat': 'openai',
  'openai-responses': 'openai-responses',
}

/** The format that answers an exchange: the provider's own where it has one, else its family's. */
export function formatsOf({ family, provider }: Recorded): string[] {
  const own = provider === 'vertex' && family === 'anthropic' ? 'vertex-anthropic' : provider
  const shared = BY_FAMILY[family] ?? family
  if (family === 'openai-chat') return [isShipped(provider) ? provider : shared]
  return provider === 'vertex' ? [shared, own] : [shared]
}

const meta = { model: 'what-the-client-asked-for', created: 1_760_000_000 }
const compiled = new Map<string, Format>()

export function shippedFormat(name: string): Format {
  const known = compiled.get(name)
  if (known) return known
  const format = checkFormatFile(formatFile(name))
  compiled.set(name, format)
  return format
}

function isShipped(name: string): boolean {
  return existsSync(formatFile(name))
}

function formatFile(name: string): string {
  return fileURLToPath(new URL(`../../src/formats/${name}.yaml`, import.meta.url))
}

/** What a client is told of the recorded bytes. @param cut bytes of one network read; 0 gives all at once */
export async function replay(recorded: Recorded, format: Format, cut: number): Promise<Told> {
  const { status, response_headers: headers, stream } = recorded
  const bytes = bytesOf(recorded)
  if (status >= 400) return { ...NOTHING, error: format.decodeError({ status, headers }, bytes.toString('utf8')) }
  const bounds = { event: 1 << 24, answer: 1 << 26 }
  const answer = { status, headers, body: reads(bytes, cut) }
  try {
    const deltas = await answerDeltas(answer, askFor(recorded), format, bounds)
    const terminated = (): boolean => deltas.isTerminated
    return stream ? await streamed(deltas, terminated) : await whole(deltas, terminated)
  } catch (error) {
    if (error instanceof GatewayError) return { ...NOTHING, error }
    throw error
  }
}

const NOTHING = { text: '', reasoning: '', tools: [] }

export function bytesOf(recorded: Recorded): Buffer {
  if (recorded.response_base64 !== undefined) return Buffer.from(recorded.response_base64, 'base64')
  return Buffer.from(recorded.response_text ?? JSON.stringify(recorded.response), 'utf8')
}

export async function* reads(bytes: Buffer, cut: number): AsyncGenerator<Buffer> {
  const size = cut === 0 ? bytes.length : cut
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

type Deltas = AsyncIterable<Delta[]>

async function streamed(deltas: Deltas, terminated: () => boolean): Promise<Told> {
  const writer = createChunkWriter({ include_usage: true, legacy_functions: false, body: {} }, meta)
  let sse = ''
  for await (const each of deltas) sse += writer.write(each)
  const read = readStream(sse + writer.end(terminated()), true)
  return { ...read, finish: read.finishes.get(0) }
}

async function whole(deltas: Deltas, terminated: () => boolean): Promise<Told> {
  const completion = createCompletion({ legacy_functions: false, body: {} }, meta)
  for await (const each of deltas) completion.take(each)
  return ofCompletion(completion.end(terminated()))
}

function ofCompletion(body: Record<string, unknown>): Told {
  const [choice] = body['choices'] as { message: Record<string, unknown>; finish_reason: string }[]
  const calls = (choice?.message['tool_calls'] ?? []) as { id: string; function: { name: string; arguments: string } }[]
  return {
    text: (choice?.message['content'] as string | null) ?? '',
    reasoning: (choice?.message['reasoning_content'] as string | undefined) ?? '',
    tools: calls.map((call) => ({ id: call.id, ...call.function })),
    finish: choice?.finish_reason,
    usage: body['usage'] as Record<string, unknown> | undefined,
  }
}

function askFor(recorded: Recorded): ReturnType<typeof parseChatRequest> {
  return parseChatRequest({ model: 'any', messages: [{ role: 'user', content: 'hi' }], stream: recorded.stream })
}
