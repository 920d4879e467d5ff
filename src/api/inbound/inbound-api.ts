/**
 * An inbound API ("door"): one of the APIs that clients speak. All of them share one way through the server, `answer-call.ts`:
 * gateway, warnings and other headers, signs of life while nothing comes, slow clients, faults before and inside an answer.
 *
 * How to add one: a folder `src/api/NAME` with the same files in each:
 *
 * - `request.ts`  the client's body as OpenAI's chat body, then `parseChatRequest`: there the normal form is made, and what
 *                 formats of OpenAI's wire pass on. `chat.native` holds the body as it came, under the API's name.
 * - `events.ts`   an AnswerWriter: the stream. `createAnswerFold` (chat-completions/answer) takes every delta there is and
 *                 tells OpenAI's; `createBlocks` (blocks.ts) makes of them blocks that open and close one after the other.
 * - `answer.ts`   a WholeAnswer: the same blocks, added up.
 * - `errors.ts`   an ErrorShape, listed in `error-shapes.ts`: for faults of its routes, of the request hook, and of unknown paths.
 * - `route.ts`    the routes. Each reads an InboundCall and gives it to `answerCall`.
 *
 * Same wire, nothing lost: a format says `native: { api: NAME }` in its YAML. An upstream of that format gets `chat.native`
 * as it came, and its deltas carry `raw`, the event (of a stream) or the text (of a whole answer) as it came. A writer that
 * meets `raw` writes that and nothing else of the delta (`raw: null`: nothing at all). After a native answer that broke, a
 * resumed one goes on without `raw`.
 */
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { GatewayError } from '../../chat/error.ts'
import type { Delta, RawEvent } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { Gateway } from '../../gateway/types.ts'
import type { Told } from '../headers/answer-headers.ts'
import type { TellLoss } from './media.ts'
import type { PassHeaders } from '../headers/passed-headers.ts'

/** What every API's routes are given. */
export interface InboundOptions {
  gateway: Gateway
  /** Milliseconds of upstream silence before a streaming client gets a sign of life; 0: never. */
  heartbeat: number
  /** Streams of OpenAI's own APIs tell their usage also where nobody asked. */
  alwaysUsage?: boolean
  /** Milliseconds in which a client must take something of what waits for it; any time when absent or 0. */
  clientIdle?: number
  /** Who asks, for fairness and limits. */
  clientOf?: (request: FastifyRequest) => string | undefined
  /** The client's own headers that may pass to the upstream. */
  passHeaders?: PassHeaders
  /** Takes secrets out of what an upstream's error says, before it goes into a stream. */
  redact?: (text: string) => string
  /** Under which names an answer's head says how it came to be, if at all; `full` when absent. */
  told?: Told
  log?: Pick<FastifyBaseLogger, 'error'>
  /** Milliseconds since the epoch. */
  now?: () => number
}

/** A client's request, read, and how its answer is told. */
export interface InboundCall {
  chat: ChatRequest
  /** @param tellLoss of what of the answer has no place in the API: a warning where the head is still to come, and in the log */
  stream(tellLoss: TellLoss): AnswerWriter
  whole(tellLoss: TellLoss): WholeAnswer
  style: StreamStyle
  /** What the API's SDK reads the request's id from, beside `x-request-id`. */
  idHeader?: string
}

/** Writes an answer as a stream; the text is ready for the socket. */
export interface AnswerWriter {
  /** What one network read says; after a fault the API's error, and nothing from then on. */
  write(deltas: readonly Delta[]): string
  /** The same for one delta of nothing but text, and the event that told it. @param literal in JSON, without escapes */
  writeText(literal: string, event: RawEvent | undefined): string
  /** What was held back, and the end. */
  end(terminated: boolean): string
  /** An error, the last of the stream. */
  fail(error: GatewayError): string
  /** The fault that ended the stream, if one did. */
  fault(): GatewayError | undefined
}

/** Adds an answer up to one body. */
export interface WholeAnswer {
  /** Throws the GatewayError that the upstream reported inside its answer. */
  take(deltas: readonly Delta[]): void
  /** The body, or its JSON where there is one. Throws a GatewayError when the answer stopped before its end. */
  end(terminated: boolean): Record<string, unknown> | string
}

export interface StreamStyle {
  contentType: string
  /** What each client of this API reads over: sent before the first event, too. */
  heartbeat: string
}

/** How an API tells faults. */
export interface ErrorShape {
  /** Is this request one of the API's, whatever its path? @param path without its query */
  owns(path: string, headers: FastifyRequest['headers']): boolean
  /** What the API's SDK reads the request's id from, beside `x-request-id`. */
  idHeader?: string
  /** @param id of the request */
  body(error: GatewayError, id: string): { status: number; body: Record<string, unknown> }
}

/** Server-sent events, with comments as signs of life: each client's parser skips them, each proxy sees that the stream lives. */
export const EVENTS: StreamStyle = {
  contentType: 'text/event-stream; charset=utf-8',
  // no blank line behind it, which would end an event: openai-go before v3.43.0 reads that as one without data, and fails
  heartbeat: ': keep-alive\n',
}
