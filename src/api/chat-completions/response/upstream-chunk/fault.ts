import type { DeltaError } from '../../../../chat/delta.ts'
import { GatewayError } from '../../../../chat/error.ts'
import { failedAnswer } from '../../../../chat/finish-reason.ts'
import { filled, isRecord } from '../../json-value.ts'
import { finishWord } from '../finish.ts'

/** The fault that an OpenAI-like chunk or body holds instead of, or beside, its choices. */
export function faultIn(chunk: Record<string, unknown>): DeltaError | undefined {
  const error = chunk['error']
  if (isRecord(error)) return fromObject(error)
  const code = chunk['code']
  // The pair {code, error: "text"} has no envelope, and a chunk that has choices may carry any other `error`.
  if (typeof error === 'string' && error !== '') return { message: error, kind: 'server_error', ...coded(code) }
  if (!('choices' in chunk) && chunk['object'] === 'error') return fromObject(chunk)
  return undefined
}

/** Inside one choice: an `error` of its own, or a reason to end that is a failure. */
export function faultInChoice(choice: Record<string, unknown>): DeltaError | undefined {
  const error = choice['error']
  if (isRecord(error)) return fromObject(error)
  const word = choice['finish_reason']
  return finishWord(word) === 'error' ? failedAnswer(String(word)) : undefined
}

/** An upstream's fault as the error that a client gets. */
export function faultError(fault: DeltaError): GatewayError {
  return new GatewayError(fault.kind, fault.message, {
    ...(fault.type !== undefined && { type: fault.type }),
    ...(fault.code !== undefined && { code: fault.code }),
    ...(fault.retryAfter !== undefined && { retryAfter: fault.retryAfter }),
  })
}

function fromObject(error: Record<string, unknown>): DeltaError {
  const message = filled(error['message']) ?? JSON.stringify(error)
  const type = filled(error['type'])
  return { message, kind: 'server_error', ...(type !== undefined && { type }), ...coded(error['code']) }
}

function coded(code: unknown): { code?: string } {
  return typeof code === 'number' || (typeof code === 'string' && code !== '') ? { code: String(code) } : {}
}
