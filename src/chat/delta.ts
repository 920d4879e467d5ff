/** What an answer is made of: a stream is a list of deltas, a whole answer is their fold. */
import type { ErrorKind } from './error.ts'

export interface Delta {
  /** Which of several choices; 0 when absent. */
  choice?: number
  id?: string
  /** The upstream's own name for the model that answered. */
  model?: string
  text?: string
  reasoning?: string
  /** Opaque state of the thought that is being told: its signature, or data instead of text. */
  reasoning_state?: { signature?: string; data?: string }
  refusal?: string
  /** All of the text, thought or refusal that ends here, pieces that were told included: for `repeated-whole`. */
  whole?: { text?: string; reasoning?: string; refusal?: string }
  /** All that an item holds, which may be the first to tell it. */
  item?: { texts?: string[]; refusals?: string[]; reasonings?: string[] }
  tool_call?: ToolCallDelta
  /** Opaque state that rides on the text. */
  signature?: string
  /** Citations as OpenAI has them: `{ type: url_citation, url_citation: { url, title, start_index, end_index } }`. */
  annotations?: unknown[]
  /** Where in the text these belong, as the vendor says it: for `placed-citations`. */
  places?: unknown
  /** Pictures that the model made: `{ type: image_url, image_url: { url } }`, the url often a data URL. */
  images?: unknown[]
  /** Speech as OpenAI has it, and its media type where the vendor says it; texts in a later delta go on. */
  audio?: { id?: string; data?: string; mime_type?: string; transcript?: string; expires_at?: number }
  /**
   * What tools that the vendor ran itself did, step by step: `{ type: code, language, code }`, `{ type: result, … }`. Told
   * beside the text, never as a call: the client has nothing to answer.
   */
  server_tools?: unknown[]
  logprobs?: { content?: unknown[]; refusal?: unknown[] }
  /** Already one of OpenAI's words. */
  finish_reason?: FinishReason
  /** Objects that belong to the choice and not to its message: a filter's verdict, what the vendor says of its stop. */
  beside?: Record<string, unknown>
  usage?: Usage
  error?: DeltaError
  /** Something that only this vendor's own API can tell. */
  other?: unknown
  /** The upstream's event, of which this is a part, for a client of the same API; null: another delta carries it. */
  raw?: RawEvent | null
  /** Of an answer that is no chat, with its first piece: its media type, and its bytes in all where they are known. */
  media?: { type: string; length?: number }
  /** An OpenAI chunk or completion as the upstream sent it; the fold normalises it. */
  chunk?: Record<string, unknown>
}

/** An event of a stream, or a whole answer, as the upstream sent it: its text, or its value where no text was kept. */
export interface RawEvent {
  name?: string
  text?: string
  value?: unknown
  /** Of an answer that is no text. */
  bytes?: Uint8Array
}

export interface ToolCallDelta {
  /** The vendor's own index of the block; absent for a call that comes whole. */
  index?: number
  id?: string
  name?: string
  /** A fragment of JSON text, or the whole as an object. */
  arguments?: unknown
  signature?: string
  /** A custom tool's call: `arguments` is its free text. */
  custom?: boolean
}

export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

/** In OpenAI's sense: prompt tokens include cached ones, completion tokens include reasoning. */
export interface Usage {
  prompt_tokens?: number
  completion_tokens?: number
  cached_tokens?: number
  cache_write_tokens?: number
  /** The part of those that is kept for an hour. */
  cache_write_1h_tokens?: number
  reasoning_tokens?: number
  /** Parts of the prompt and of the answer that have prices of their own. */
  input_audio_tokens?: number
  cached_audio_tokens?: number
  output_audio_tokens?: number
  input_image_tokens?: number
  output_image_tokens?: number
  /** What is billed, where that is not what the model read and wrote. */
  billed_input_tokens?: number
  billed_output_tokens?: number
  /** US dollars, as the gateway reckons or the provider says. */
  cost?: number
  /** Each call of a model that the answer took, where a vendor tells them: what is paid, while the counts above are the answer's own. */
  iterations?: Iteration[]
}

/** Of the model that was asked, where none is named. */
export interface Iteration extends Omit<Usage, 'cost' | 'iterations'> {
  model?: string
}

/** A fault that the upstream reported inside a stream or under status 200. */
export interface DeltaError {
  message: string
  kind: ErrorKind
  type?: string
  code?: string | null
  /** Milliseconds. */
  retryAfter?: number
}
