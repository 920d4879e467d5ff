/** What the configuration file becomes once it is read, checked and compiled. */
import type { Price } from '../chat/price.ts'
import type { Format, Prefix } from '../upstream/types.ts'
import type { Capabilities, LimitSpec, PoolSpec } from '../scheduler/types.ts'
import type { ClientSpec, GroupSpec } from '../scheduler/options.ts'
import type { Problem } from './problem.ts'

export interface Config {
  /** The file's path as given, for messages. */
  file: string
  /** What it said when it was read. */
  text: string
  /** Keys of providers that are not of the file. */
  added: AddedKeys
  /** It, and the files of wire formats that it names. */
  files: string[]
  /** What is served, but not as it is written. */
  warnings: Problem[]
  server: ServerConfig
  scheduler: SchedulerConfig
  /** Where replicas share what they count; absent: this process counts for itself. */
  state?: StateConfig
  /** What replicas share beside what they count; absent: each keeps it in its data folder. */
  database?: DatabaseConfig
  /** Only those that have a key (or need none). */
  providers: Provider[]
  /** Those without, and why, one sentence each. */
  leftOut: { name: string; reason: string }[]
  /** Public models that at least one live provider serves. `auto` is made from all routes when the file has none. */
  models: PublicModel[]
  /** Names that clients ask for beside those of models, with `*`, and the public model of each: the first that fits counts. */
  aliases: { glob: string; model: string }[]
}

/** A pool, and what the gateway does with its streams. */
export interface PublicModel extends PoolSpec {
  /** A stream that breaks continues on another key from the partial answer. */
  resume?: boolean
  /** Refusals after which the next tier is asked. */
  on?: ('context_length' | 'content_filter')[]
}

export interface DatabaseConfig {
  /** Of a PostgreSQL server; may hold a password. */
  url: string
  /** Where the tables are. */
  schema: string
}

export interface StateConfig {
  /** Of a server of the Redis protocol; may hold a password. */
  url: string
  prefix: string
  /** Milliseconds that one round trip may take. */
  timeout: number
  on_loss: 'share' | 'refuse' | 'ignore'
  /** The least number of replicas that limits are divided by while the server is away. */
  replicas: number
}

export interface ServerConfig {
  /** Address and port to listen on; the command line goes before them. */
  host?: string
  port?: number
  /** Processes that serve; absent: one. The command line goes before it. */
  workers?: number | 'auto'
  /** Milliseconds, per phase; 0 is no limit. */
  timeouts: { connect: number; first_byte: number; idle: number; answer: number; total: number }
  /** Tries beside the first, for one request. */
  retries: number
  /** Retries for each request while upstreams are ill, over time: 0 to 1. */
  retry_share: number
  /** Milliseconds of trying after which no further try begins; 0 is no limit. */
  retry_within: number
  /** Share of requests that may be sent twice when their first token is late; 0 is never. */
  hedge: number
  /** More than this is refused. */
  bounds: Bounds
  /** Milliseconds that this process may run late before new requests are refused; 0 is never. */
  overload: number
  /** Milliseconds a client may take nothing of its answer; 0 is no limit. */
  client_idle: number
  /** Milliseconds a client may take to send its request; 0 is no limit. */
  receive: number
  /** Of files that this server fetches for a client: bytes and milliseconds. */
  media: { size: number; timeout: number }
  /** Names of headers that pass through, in lower case. */
  forward: { request: string[]; response: string[] }
  /** Milliseconds a request waits for its key again after an upstream refused it with 429; longer, and the client is told. */
  refused_wait: number
  /** Milliseconds of upstream silence before a streaming client gets a comment line. */
  heartbeat: number
  /** `asked`: a stream ends with a usage chunk where the client asks for it; `always`: also where it does not. */
  usage_in_streams: 'asked' | 'always'
  /** Names of the headers that say how an answer came to be: in full, short, or none of them. */
  headers: 'full' | 'short' | 'none'
  /** Bytes. */
  max_body: number
  /** Milliseconds that running requests may take to end when the server stops. */
  shutdown: number
  /** Keys that clients must send; none: anyone may call. */
  api_keys: string[]
  /** Keys of those who may see and switch the keys of this server. */
  admin_keys: string[]
  /** Names that this server answers to, with `*`; absent: those that no stranger can own, and any where clients have keys. */
  hosts?: string[]
  /** Origins of pages that may call from a browser, with `*`. */
  cors: string[]
  /** The page for administrators at /ui; `edit`: it may change the configuration's file. */
  ui: boolean | 'edit'
  /** Ollama's API is served as well. */
  ollama: boolean
  /** From each of them to the name of its client. */
  client_names: ReadonlyMap<string, string>
  /** The same by the SHA-256 (hex) of keys that the file does not say. */
  client_hashes: ReadonlyMap<string, string>
  /** What each client of `clients:` may have, by name. */
  accesses: ReadonlyMap<string, ClientAccess>
  /** How long requests are kept in the data folder, in milliseconds, and bytes at most; false: not at all. */
  request_log: { age: number; size: number } | false
  /** The folder for what should outlive a restart; absent: nothing is kept. */
  data?: string
}

export interface ClientAccess {
  /** Names of models that it may use, with `*`; absent: all. */
  models?: readonly string[]
  /** Milliseconds that its requests wait for a key, where they do not say. */
  maxWait?: number
  /** Milliseconds since the epoch, from when on its keys open nothing. */
  expires?: number
  /** What it asks and gets is logged. */
  logsBodies?: boolean
  tags: readonly string[]
}

export interface Bounds {
  /** Levels of a request's JSON. */
  json_depth: number
  messages: number
  tools: number
  /** Bytes of a request's headers. */
  headers: number
  /** Bytes of the bodies of all requests that run. */
  bodies: number
  /** Bytes of one event of an upstream's stream. */
  event: number
  /** Bytes of an upstream's answer that is not a stream. */
  answer: number
  /** Clients' connections at once. */
  connections: number
}

export interface SchedulerConfig {
  strategy: string
  /** Milliseconds a request may wait for a key. */
  max_wait: number
  /** Requests that may wait at once, over all pools. */
  max_queue: number
  /** Milliseconds: a lower tier serves when the upper cannot within this. */
  fallback_after: number
  /** May a limit that a provider states raise the declared one? Absent: once its count shows that nobody else uses it. */
  trust_headers?: boolean
  /** Requests of one client that are looked at past one that must wait; 1 is strict order. */
  backfill?: number
  /** Milliseconds after which a request that never ended is given up. */
  lease_ttl?: number
  /** Shares and limits, by the client's name; `*` is everybody else. */
  clients?: Record<string, ClientSpec>
  /** Limits that the members of a group share, by its name. */
  groups?: Record<string, GroupSpec>
}

export interface Provider {
  name: string
  format: Format
  /** Without a slash at the end. */
  base_url: string
  headers: Record<string, string>
  weight: number
  limits: LimitSpec[]
  keys: ProviderKey[]
  /** Goes before what the format says. */
  prefix?: Prefix
  /** Marks of the prompt cache are set where the client sets none. */
  cache?: 'auto'
  /** Its prompt cache is kept per key. */
  cache_per_key?: boolean
  /** Tokens that it reserves for the answer of a request that sets no maximum. */
  assumes_output?: number
  /** Requests that failed count against its request limits. */
  failures_count?: boolean
  /** Its name in the list of prices; false: it has none there; absent: found by its address. */
  prices?: string | false
  /** What is known of its models, by upstream name. */
  models: Record<string, ModelInfo>
}

export interface ProviderKey {
  /** `acme#1`: the provider and the position among its live keys. */
  name: string
  /** A string, or the parts of a compound credential; empty for a provider that needs no key. Never logged. */
  secret: string | Record<string, string>
  weight: number
  account?: string
  limits: LimitSpec[]
}

export interface ModelInfo extends Capabilities {
  limits?: LimitSpec[]
  price?: Price
}

/** A key that is not of the file: its name, and it as it could stand there, nothing of it to be filled. */
export interface AddedKey {
  name: string
  written: { key: ProviderKey['secret']; weight?: number; account?: string; limits?: unknown }
}

/** By provider. */
export type AddedKeys = Record<string, AddedKey[]>
