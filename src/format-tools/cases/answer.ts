/** What a client gets for a vendor's answer: the message with its finish and usage in one map, or the error. */
import { createCompletion } from '../../api/chat-completions/response/completion.ts'
import type { Delta } from '../../chat/delta.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { LimitSignal } from '../../scheduler/types.ts'
import type { Format } from '../../upstream/types.ts'
import type { Case } from './case.ts'

export interface CaseAnswer {
  given: Record<string, unknown>
  /** The same of a stream that came in single bytes. */
  cut?: Record<string, unknown>
  signals: LimitSignal[]
}

/** Cases must not depend on the day. */
const NOW = Date.UTC(2026, 0, 1)

export function answerOf(each: Case, format: Format, request: ChatRequest): CaseAnswer {
  const answer = { status: each.status ?? 200, headers: each.answer_headers ?? {} }
  const bytes = streamBytes(each)
  if (bytes && answer.status < 300) {
    const source = Buffer.from(bytes).toString('latin1')
    return {
      given: given(request, source, (take) => readStream(format, request, [bytes], take)),
      cut: given(request, source, (take) => readStream(format, request, singleBytes(bytes), take)),
      signals: format.signals(answer, undefined, NOW),
    }
  }
  const body = each.answers
  const signals = format.signals(answer, answer.status < 300 ? undefined : body, NOW)
  const text = typeof body === 'string' ? body : JSON.stringify(body ?? '')
  return {
    given: given(request, text, (take) => {
      if (answer.status > 299) throw format.decodeError(answer, text)
      take(format.decodeBody(body, request))
      return true
    }),
    signals,
  }
}

function streamBytes({ streams, streams_base64 }: Case): Uint8Array | undefined {
  if (streams !== undefined) return Buffer.from(streams, 'utf8')
  return streams_base64 === undefined ? undefined : Buffer.from(streams_base64, 'base64')
}

function singleBytes(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte))
}

type Take = (deltas: Delta[]) => void

/** True when the vendor said that the stream is over. */
function readStream(format: Format, request: ChatRequest, reads: Uint8Array[], take: Take): boolean {
  const framer = format.framing()
  const decoder = format.decoder(request)
  const out: Delta[] = []
  let terminated = false
  for (let i = 0; i <= reads.length && !terminated; i++) {
    const read = reads[i]
    for (const event of read ? framer.push(read) : framer.end()) {
      terminated = decoder.decode(event, out)
      if (terminated) break
    }
  }
  decoder.end(out)
  take(out)
  return terminated
}

/** @param answer hands over the deltas; true when they are all */
function given(request: ChatRequest, source: string, answer: (take: Take) => boolean): Record<string, unknown> {
  const fold = createCompletion(request, { model: request.model, created: NOW / 1000 })
  try {
    const completion = fold.end(answer((deltas) => fold.take(deltas)))
    const [first] = completion['choices'] as { message: object; finish_reason: string }[]
    const { message, ...choice } = first ?? { message: {} }
    const { choices, ...whole } = completion
    const several = Array.isArray(choices) && choices.length > 1 && { choices }
    return withoutMadeIds({ ...whole, ...choice, ...message, ...several }, source)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    const { kind, status, type, code, param, message, retryAfter, extra } = error
    return { error: { kind, status, type, code, param, message, retry_after: retryAfter, ...extra } }
  }
}

/** Ids that the vendor left out are made by chance; a case sees `made`. */
function withoutMadeIds(answer: Record<string, unknown>, source: string): Record<string, unknown> {
  return JSON.parse(JSON.stringify(answer), (key, value: unknown) =>
    key === 'id' && typeof value === 'string' && !source.includes(value) ? 'made' : value,
  ) as Record<string, unknown>
}
