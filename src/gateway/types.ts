/** What the inbound APIs ask of the gateway. */
import type { GivenTrace } from '../runtime/trace-context.ts'
import type { Cancellation } from '../runtime/cancellation.ts'
import type { Delta } from '../chat/delta.ts'
import type { ChatRequest } from '../chat/request.ts'
import type { CandidateReport } from '../scheduler/types.ts'

export interface ChatContext {
  /** Aborted when the client goes. */
  signal: Cancellation
  /** May hear of each key by its name; absent: it may. */
  isAdmin?: boolean
  /** The client wants to know why this key was chosen. */
  explain?: boolean
  /** The request's id, for the log. */
  id?: string
  /** Who asks, for fairness and limits. */
  client?: string
  /** What the client's headers call the conversation that this is a turn of. */
  session?: string
  /** The longest Retry-After that the client's library obeys, in milliseconds. */
  obeys?: number
  /** The client's own headers that may pass to the upstream, names in lower case. */
  headers?: Record<string, string>
  /** Milliseconds that the client is willing to wait for a key. */
  maxWait?: number
  /** The client's own trace. */
  trace?: GivenTrace
}

export interface Answer {
  /** The upstream's name for the model. */
  model: string
  provider: string
  /** The key's name, never the key. */
  key: string
  attempts: number
  /** Milliseconds in the queue. */
  waited: number
  /** What was left out or changed for this vendor, one sentence each. */
  warnings: string[]
  /** Of the upstream's answer, those that may pass to the client. */
  headers?: Record<string, string>
  /** The candidates in order, when the client asked why. */
  explain?: CandidateReport[]
  /** The answer came whole: it is over whatever reason to stop it gave. */
  terminated(): boolean
  /** US dollars of what was read so far; undefined where no price is known. */
  cost(): number | undefined
  /** One array a network read. Throws a GatewayError when the answer breaks off. Read it to its end, or return() it. */
  deltas: AsyncIterable<Delta[]>
}

export interface Gateway {
  /** Resolves once there is something to show; until then faults have gone to other keys. Throws a GatewayError. */
  chat(request: ChatRequest, context: ChatContext): Promise<Answer>
  /** Tokens of a request, as long as nobody has counted them. */
  estimate(request: ChatRequest): number
}
