/** Everything that is asked of one case: what it says itself, the rules of OpenAI's answers, and that no cut of the bytes matters. */
import { createChunkWriter } from '../../api/chat-completions/response/chunks.ts'
import { createCompletion } from '../../api/chat-completions/response/completion.ts'
import { parseChatRequest } from '../../api/chat-completions/request/parse.ts'
import { errorBody, GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Delta } from '../../chat/delta.ts'
import type { Format } from '../../upstream/types.ts'
import type { Case } from './case.ts'
import { splitFault } from './byte-splits.ts'
import { streamFaults } from './invariants.ts'
import { shapeFaults } from './openai-schema.ts'
import { requestFaults } from './request-faults.ts'
import { clientBody, runCase } from './run-case.ts'

const CREATED = 1_767_225_600

/** One line a fault; none when all holds. Never throws: what breaks is a fault as well. */
export function checkCase(each: Case, format: Format): string[] {
  try {
    return [...runCase(each, format), ...requestFaults(each, format), ...answerFaults(each, format)]
  } catch (error) {
    return [`it breaks: ${error instanceof Error ? error.message : String(error)}`]
  }
}

function answerFaults(each: Case, format: Format): string[] {
  const asked = parseChatRequest(clientBody(each))
  if (each.status !== undefined && each.status > 299) return refusalFaults(each, format)
  const bytes = streamBytes(each)
  if (bytes) {
    const { sse, error } = streamed(format, { ...asked, stream: true, include_usage: true }, bytes)
    return [...streamFaults(sse, true), ...splitFault(format, bytes), ...untold(each, error)]
  }
  if (each.answers === undefined) return []
  const completion = createCompletion(asked, { model: asked.model, created: CREATED })
  try {
    completion.take(format.decodeBody(each.answers, asked))
    return shapeFaults('completion', completion.end(true))
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    return [...shapeFaults('error', errorBody(error)), ...untold(each, error)]
  }
}

function refusalFaults(each: Case, format: Format): string[] {
  if (each.answers === undefined) return []
  const body = typeof each.answers === 'string' ? each.answers : JSON.stringify(each.answers)
  const error = format.decodeError({ status: each.status ?? 500, headers: each.answer_headers ?? {} }, body)
  return shapeFaults('error', errorBody(error))
}

/** A case that says nothing of what it gives expects an answer, not an error. */
function untold(each: Case, error: GatewayError | undefined): string[] {
  return error && !each.gives ? [`the answer is an error: ${error.message}`] : []
}

function streamBytes({ streams, streams_base64 }: Case): Uint8Array | undefined {
  if (streams !== undefined) return Buffer.from(streams, 'utf8')
  return streams_base64 === undefined ? undefined : Buffer.from(streams_base64, 'base64')
}

/** The stream as a client would get it. */
function streamed(format: Format, request: ChatRequest, bytes: Uint8Array): { sse: string; error?: GatewayError } {
  const framer = format.framing()
  const decoder = format.decoder(request)
  const writer = createChunkWriter(request, { model: request.model, created: CREATED })
  let sse = ''
  let terminated = false
  for (const event of [...framer.push(bytes), ...framer.end()]) {
    const deltas: Delta[] = []
    terminated = decoder.decode(event, deltas)
    sse += writer.write(deltas)
    if (terminated) break
  }
  const rest: Delta[] = []
  decoder.end(rest)
  sse += writer.write(rest) + writer.end(terminated)
  return { sse, error: writer.fault() }
}
