/** An upstream of our own on a loopback port: what it is told at the start, and how it may be told to misbehave. */
import type { Enforcement } from './limits/types.ts'

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number
  /** Milliseconds before the first byte of an answer. */
  first_byte?: number
  /** Milliseconds between two words of a stream; 0 sends them all at once. */
  pace?: number
  /** The only API keys that it serves; any when absent. */
  keys?: string[]
  enforce?: Enforcement
  /** Keeps a prompt cache for each API key and counts what it finds there as `cached_tokens`; none by default. */
  prompt_cache?: boolean
  /** Decides, request by request, what goes wrong; wins over what the request itself asks for. */
  behave?: (call: Call) => Behaviour | undefined
  /** Milliseconds since 1970. */
  now?: () => number
  /** Resolves after so many milliseconds; rejects when the signal aborts. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<unknown>
}

/** A request as it came in. */
export interface Call {
  /** 1 for the first. */
  number: number
  /** From `Authorization: Bearer` or `x-api-key`; empty when there was none. */
  key: string
  model: string
  stream: boolean
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Readonly<Record<string, unknown>>
}

/**
 * - `reset`: the connection breaks before any answer. `hang`: no answer at all. `stall`: the stream stops in its middle.
 * - `cut`: the connection breaks mid-way. `truncate`: the answer ends mid-way as if it were whole.
 * - `error`: an error event mid-way. `error_first`: an error event instead of content; both are bodies when not streamed.
 * - `empty`: 200 with nothing said. `blank`: 200 with no body. `garbage`: text that is not JSON. `html`: a page of another server.
 * - `refuse`: the model declines. `filter`: the answer is cut by a content filter.
 * - `no_usage`, `no_done`, `crlf`, `bytes` (one byte a write): a stream as careless servers send it.
 */
export const FAULTS = [
  'reset',
  'hang',
  'stall',
  'cut',
  'truncate',
  'error',
  'error_first',
  'empty',
  'blank',
  'garbage',
  'html',
  'refuse',
  'filter',
  'no_usage',
  'no_done',
  'crlf',
  'bytes',
] as const

export type Fault = (typeof FAULTS)[number]

export interface Behaviour {
  /** Milliseconds. */
  first_byte?: number
  /** Milliseconds a word. */
  pace?: number
  /** Answers with this HTTP error. */
  status?: number
  /** Seconds, sent as `retry-after` beside an error status. */
  retry_after?: number
  /** The error's `code`, where it is not the usual one of its status. */
  code?: string
  fault?: Fault
  /** Content events that a fault in the middle lets through; half of them when absent. */
  after?: number
  /** How many words the answer has. */
  words?: number
  /** What the answer says, word for word. */
  say?: string
  /** Thinks before it answers. */
  think?: boolean
  /** Misbehaves for this API key only. */
  key?: string
}

export interface KeyStats {
  requests: number
  /** Refused by a limit that the sandbox enforces. */
  refused: number
  inFlight: number
  maxInFlight: number
  tokens: number
}

export interface SandboxStats extends KeyStats {
  /** Callers that left before their answer was whole. */
  aborted: number
  /** Answers that were sent whole. */
  completed: number
  keys: Record<string, KeyStats>
}

export interface Sandbox {
  /** `http://127.0.0.1:PORT`; the API is below `/v1`. */
  url: string
  port: number
  stats: SandboxStats
  close(): Promise<void>
}
