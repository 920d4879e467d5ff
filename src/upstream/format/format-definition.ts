/** A wire format as its YAML says it, after `extends` was resolved and before it is compiled. */
import type { FinishReason } from '../../chat/delta.ts'

export interface FormatDefinition {
  /** The provider's prompt caches are kept per key, so that a conversation should stay on one. */
  cache_per_key?: boolean
  /** Tokens that the provider reserves for the answer of a request that sets no maximum. */
  assumes_output?: number
  /** How it counts what is no English text, as it has published; see token-rules.ts. */
  estimate?: unknown
  request?: {
    method?: string
    /** Template of the path (and query), put behind the provider's base_url. */
    path: unknown
    headers?: Record<string, unknown>
    /** Values for fields of the request that the client left out. */
    defaults?: Record<string, unknown>
    /** Bounds of numeric fields: `temperature: [0, 1]`. A value outside is moved to the bound, with a warning. */
    clamp?: Record<string, [number, number]>
    /** Fields that are refused with 400 when the client sends them; every other field that no hole reads is dropped with a warning. */
    refuse?: string[]
    /** Fields that may be left out without a word because leaving them out changes nothing. */
    ignore?: string[]
    /** Globs of the fields that the vendor takes beside those that OpenAI knows; absent, any goes on. Others are left out with a warning. */
    takes?: string[]
    /** Pictures of the history that a model made: `kept` in their turn, as `images` beside the content; `none`: the vendor takes no pictures. */
    made_pictures?: 'kept' | 'none'
    /** Named request transforms on the request before the template is filled, in order: a name or `{ name: options }`. */
    prepare?: unknown[]
    /** Parts that the vendor takes as bytes only: those that a client names by URL are fetched before the request transforms. */
    fetch_media?: ('image' | 'file')[]
    /** Named values, computed in order before the body and usable in it as holes. */
    let?: Record<string, unknown>
    /** Templates of warnings that the client gets: one that gives nothing warns of nothing. */
    warn?: unknown[]
    body: unknown
  }
  /** The client API that this wire is, and what of such a request is the vendor's own; see native.ts. */
  native?: {
    api?: unknown
    /** Globs of the models that speak it; all when absent. */
    models?: unknown
    path?: unknown
    headers?: Record<string, unknown>
    body?: unknown
    operations?: unknown
  } | null
  /** How vectors are asked for: { path, most, tokens, body, answer }; see embeddings.ts. */
  embeddings?: Record<string, unknown> | null
  /** What is no chat and goes as it came: templates of the paths, by the client's own behind /v1. */
  relays?: Record<string, unknown> | null
  /** How the vendor is asked which models it has: { path, answer }; see model-list.ts. */
  model_list?: Record<string, unknown> | null
  /** A named authoriser, or `{ name: options }`; absent when the headers say all. */
  auth?: unknown
  /** `{ when, then }` over `{ stream, body }` of an answer: `then` is `{ get, wait, headers }`, the next request. */
  follow?: unknown
  /** First glob that fits the upstream model gives values to the template as `$traits.name`. */
  models?: Record<string, Record<string, unknown>>
  /** The vendor goes on from a last message of the assistant; `{ message, body }`: with these further fields. */
  prefix?: unknown
  response: unknown[]
  stream?: {
    /** A named framing, or `{ name: options }`. */
    framing: unknown
    /** `text`: the events are text and no JSON. */
    data?: 'json' | 'text'
    /**
     * Text of the event that ends the stream. With `finish_reason` that event is the reason itself, of vendors whose own
     * events give none; chunks of OpenAI's form give theirs.
     */
    done?: string | { text: string; finish_reason: FinishReason }
    events: unknown[]
    /** Named stream transforms of the deltas, in order. */
    transforms?: unknown[]
    /** Fields of events that no rule reads and that differ from one to the next: a text beside them is told without parsing its event. */
    unread?: string[] | null
  }
  finish_reasons?: Record<string, string>
  /** One `{ when, then }` or a list of them: the first that takes the value. */
  usage?: unknown
  /** `{ when, then, kinds }`; `when`/`then` may be a list under `cases`. */
  error?: unknown
  signals?: unknown[]
}
