import type { FastifyBaseLogger } from 'fastify'
import type { ChatContext, Gateway } from '../../gateway/types.ts'
import type { AnswerHeaders } from '../headers/answer-headers.ts'
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
  redact: (text: string) => string
  log: Pick<FastifyBaseLogger, 'error'>
}
