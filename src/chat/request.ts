/** The canonical chat request: OpenAI's vocabulary with the ambiguity removed ("normal form"). */

export interface ChatRequest {
  /** The model as the client named it; the route's upstream model is given to the format beside the request. */
  model: string
  messages: Message[]
  tools?: Tool[]
  /** Tools of kinds that OpenAI does not document, as received: only formats that pass the body on can carry them. */
  vendor_tools?: Record<string, unknown>[]
  /** `auto` when tools are given and the client did not choose. */
  tool_choice?: ToolChoice
  parallel_tool_calls?: boolean
  /** `max_completion_tokens`, else `max_tokens`. */
  max_tokens?: number
  temperature?: number
  top_p?: number
  /** As clients of other APIs say it; from OpenAI's, whose API has none, it is one of `extra`. */
  top_k?: number | undefined
  stop?: string[]
  /** A bigint where it is longer than a number holds. */
  seed?: number | bigint
  n?: number
  presence_penalty?: number
  frequency_penalty?: number
  logit_bias?: Record<string, number>
  logprobs?: boolean
  top_logprobs?: number
  user?: string
  response_format?: ResponseFormat
  reasoning_effort?: string
  verbosity?: string
  service_tier?: string
  /** Every other field that OpenAI documents (metadata, store, prompt_cache_key, …), as received. */
  options: Record<string, unknown>
  /** Fields that OpenAI does not know, those inside `extra_body` included: the vendor's own. */
  extra: Record<string, unknown>
  stream: boolean
  /** The client asked for a usage chunk at the end of the stream. */
  include_usage: boolean
  /** The client used the deprecated `functions`: its answer must use `function_call`. */
  legacy_functions: boolean
  /** The body as received, for formats that are OpenAI's own. */
  body: Record<string, unknown>
  /** The request as it came, where the client speaks another API than OpenAI's: for upstreams of the same. */
  native?: NativeRequest | undefined
  /** What of the client's request has no place in this form, one sentence each: warnings where it is not sent as it came. */
  losses?: string[]
  /** Why only an upstream of the client's own API can serve it: the end of a sentence. */
  needs_native?: string
  /**
   * Why an upstream of the client's own API is to serve it, where there is one: the end of a sentence. Of others it may reach those
   * that take OpenAI's own form, as what they ask in turn may be such an upstream.
   */
  prefers_native?: string
  /** What is asked for that way can be asked for in parts as well: of a model that does not have that API. */
  in_parts?: boolean
  /** Vectors are asked for instead of an answer. */
  embeddings?: EmbeddingsRequest
  /** Something else than a chat is asked for, which goes as it came: pictures, speech, ranks. */
  relay?: RelayRequest | undefined
  /** The client's own body and the bytes that it was parsed from, without escapes of ASCII: until there is an answer. */
  received?: { body: Record<string, unknown>; bytes: JsonBytes } | undefined
  /** Where what it was read from is long: until there is an answer, it can be let go of and read again. */
  again?: ReadAgain | undefined
}

export interface ReadAgain {
  /** Nothing but the bytes is held from now on, once the request has let go of what was made of them. */
  release(): void
  /** The request anew, as it came. */
  read(): ChatRequest
}

/** The JSON that a body was parsed from. */
export interface JsonBytes {
  json: Buffer
  /** Where items of a list stand, known from earlier: no field of the outermost object is there. */
  items?: { from: number; to: number }
}

/** A text, or its tokens. */
export type EmbeddingInput = string | number[]

export interface EmbeddingsRequest {
  input: EmbeddingInput[]
  dimensions?: number | undefined
  encoding_format: 'float' | 'base64'
}

export interface RelayRequest {
  /** As formats name it under `relays`: `audio/speech`. */
  operation: string
  /** JSON; of a form its texts, by name. */
  body: Record<string, unknown>
  /** What JSON was parsed from, where it is long. */
  bytes?: JsonBytes | undefined
  form?: Form
}

/** multipart/form-data, as it came. */
export interface Form {
  boundary: string
  parts: FormPart[]
}

export interface FormPart {
  name: string
  /** Of a file. */
  filename?: string
  /** Media type, where it is not plain text. */
  type?: string
  value: Uint8Array[]
}

export interface NativeRequest {
  /** The client's API, as formats name it under `native`. */
  api: string
  body: Record<string, unknown>
  /** Something else than an answer is asked for, as formats name it under `native.operations`. */
  operation?: string
  /** The client's headers that belong to its API; names in lower case, with `_` for `-`. */
  headers: Record<string, string>
  /** What `body` was parsed from, where it is long. */
  bytes?: JsonBytes | undefined
}

export interface Message {
  role: 'system' | 'user' | 'assistant' | 'tool'
  /** Never holds an empty text part. */
  content: Part[]
  /** All text parts joined; absent when there is none. */
  text?: string
  tool_calls?: ToolCall[]
  tool_call_id?: string
  /** A participant's name; on a tool result the name of the tool that was called. */
  name?: string
  /** Of a tool's result: the tool failed. Its text says so as well, for vendors that have no field for it. */
  is_error?: boolean
  refusal?: string
  /** A system message that stays in its turn. */
  late?: boolean
  /** Thoughts of an earlier answer, opaque state included, that the client sent back. */
  reasoning?: Reasoning[]
  /** Opaque state that rode on the answer's text. */
  signature?: string
  /** The message as received. */
  wire: Record<string, unknown>
}

export type Part =
  | { type: 'text'; text: string; cache_control?: unknown }
  | { type: 'image'; url: string; detail?: string; cache_control?: unknown }
  | { type: 'image'; media_type: string; data: string; detail?: string; cache_control?: unknown }
  | { type: 'audio'; media_type: string; data: string; format: string }
  | { type: 'file'; media_type: string; data: string; filename?: string; cache_control?: unknown }
  | { type: 'file'; url: string; filename?: string; cache_control?: unknown }
  | { type: 'file'; file_id: string; filename?: string }
  /** A kind of part that has no normal form: only formats that pass the body on can carry it. */
  | { type: `other:${string}` }

/** One thought: `text` with its `signature`, or `data` that only its vendor can read. */
export interface Reasoning {
  text?: string
  signature?: string
  data?: string
  /** The field in which the upstream had told it, of thoughts that the client dropped and the gateway kept. */
  told_as?: 'reasoning' | 'reasoning_content'
}

export interface ToolCall {
  id: string
  name: string
  /** Parsed tolerantly: text that is not a JSON object becomes `{ "input": text }`, nothing becomes `{}`. */
  arguments: Record<string, unknown>
  signature?: string
}

export interface Tool {
  name: string
  description?: string
  parameters?: Record<string, unknown>
  strict?: boolean
  cache_control?: unknown
  /** How and by whom it may be called, examples of its input: what OpenAI does not know and only some vendors read, as received. */
  hints?: Record<string, unknown>
}

/** One of the words, a named tool, or a choice among some of the tools. */
export type ToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { name: string }
  | { mode: 'auto' | 'required'; names: string[] }

export type ResponseFormat =
  | { type: 'json_object' }
  | { type: 'json_schema'; name: string; description?: string; schema: Record<string, unknown>; strict?: boolean }

/** What else OpenAI documents for a chat completion (its API schema of August 2026): kept as it came, under `options`. */
export const OPTION_FIELDS = [
  'audio',
  'metadata',
  'modalities',
  'moderation',
  'prediction',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'safety_identifier',
  'store',
  'web_search_options',
] as const
