/** The parts of OpenAI's chat answer that this server writes, in a chunk or in a completion. */

export interface WireToolCall {
  index: number
  id?: string
  type?: 'function' | 'custom'
  function?: { name?: string; arguments?: string }
  custom?: { name?: string; input?: string }
  extra_content?: unknown
}

/** What one chunk adds to one choice. */
export interface WireDelta {
  role?: 'assistant'
  content?: string | null
  refusal?: string | null
  reasoning_content?: string
  reasoning_details?: Record<string, unknown>[]
  tool_calls?: WireToolCall[]
  function_call?: { name?: string; arguments?: string }
  annotations?: Record<string, unknown>[]
  /** Structured fields that only some upstreams send: audio, images, extra_content. */
  [field: string]: unknown
}

export interface WireLogprobs {
  content: unknown[] | null
  refusal: unknown[] | null
}

export interface WireUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: Record<string, unknown>
  completion_tokens_details?: Record<string, unknown>
  [field: string]: unknown
}
