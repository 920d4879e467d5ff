import type { FastifyBaseLogger } from 'fastify'
import type { ChatContext, Gateway } from '../../gateway/types.ts'
import type { AnswerHeaders, Told } from '../headers/answer-headers.ts'
import type { InboundCall } from './inbound-api.ts'

/** A call, and all that its answer needs. */
export interface OpenCall {
  call: InboundCall
  context: ChatContext
  gateway: Gateway
  /** Milliseconds. */
  heartbeat: number
  clientIdle: number
  headersOf: AnswerHeaders
  told: Told | undefined
  redact: (text: string) => string
  log: Pick<FastifyBaseLogger, 'error'>
}

/** What an answer's head says of the request's name. */
export function idHeaders({ call, context }: OpenCall): Record<string, string> {
  const { id = '' } = context
  return call.idHeader === undefined ? { 'x-request-id': id } : { 'x-request-id': id, [call.idHeader]: id }
}
