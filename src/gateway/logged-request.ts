/** What the log, the page and the command line tell of one request that has ended. */
import type { ErrorKind } from '../chat/error-kind.ts'

/** One try of one key. Milliseconds. */
export interface AttemptRecord {
  provider: string
  model: string
  key: string
  /** Since the arrival of the request. */
  at_ms: number
  /** In the queue, right before it. */
  waited_ms: number
  /** From its begin to its first content, and to its end. */
  first_ms?: number
  ms?: number
  outcome?: 'ok' | ErrorKind
  error?: string
  /** Its span, as the upstream was told. */
  span?: string
}

/** JSON as text, bounded, without files. */
export interface RecordedBodies {
  /** As the client's API has it. */
  request: string
  /** What the last upstream got. */
  sent?: string
  /** Its text, thoughts and calls. */
  answer?: string
}

export interface LoggedRequest {
  id: string | undefined
  client: string | undefined
  /** As the client named it. */
  model: string
  stream: boolean
  outcome: 'ok' | ErrorKind
  /** Of the last try; absent when none was made. */
  provider?: string
  upstream_model?: string
  key?: string
  attempts: number
  /** How often its broken answer was continued, when it was. */
  resumed?: number
  /** Milliseconds: in the queue, until the first content, until the end. */
  queue_ms: number
  first_ms?: number
  total_ms: number
  input_tokens?: number
  output_tokens?: number
  cached_tokens?: number
  cache_write_tokens?: number
  reasoning_tokens?: number
  /** US dollars; absent where no price is known. */
  cost?: number
  /** What the client allowed the answer. */
  max_tokens?: number
  /** Its tries, in the order in which they began. */
  trail?: AttemptRecord[]
  /** Where its client's bodies are logged. */
  bodies?: RecordedBodies
  /** What was left out or changed for the vendor. */
  warnings?: string[]
  /** The error's message, when there was one. */
  error?: string
}
