/** How many tokens a request has: as an upstream of the same API counts them, else as this server estimates. */
import type { ChatRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import type { ChatContext, Gateway } from '../../gateway/types.ts'

/** Milliseconds that a count may wait for a key: agents ask for many at once, and an estimate is better than a wait. */
const MOST_WAIT = 2000

export interface Counted {
  /** JSON. */
  body: string
  headers: Record<string, string>
}

/**
 * Throws a GatewayError for a model that nobody has, and for a request that the upstream refuses.
 * @param wire the answer of the API for an estimate
 */
export async function countTokens(
  chat: ChatRequest,
  context: ChatContext,
  gateway: Gateway,
  wire: (count: number) => Record<string, unknown>,
): Promise<Counted> {
  const estimate = gateway.estimate(chat)
  const asked: ChatRequest = { ...chat, stream: false, needs_native: 'its tokens can be counted' }
  if (chat.native) asked.native = { ...chat.native, operation: 'count_tokens' }
  const patience = Math.min(context.maxWait ?? MOST_WAIT, MOST_WAIT)
  try {
    const answer = await gateway.chat(asked, { ...context, maxWait: patience })
    let body: string | undefined
    for await (const deltas of answer.deltas) for (const { raw } of deltas) body ??= raw?.text
    if (body !== undefined) return { body, headers: { 'x-balanced-call-token-count': 'upstream' } }
  } catch (cause) {
    if (!(cause instanceof GatewayError) || REFUSALS.has(cause.kind)) throw cause
  }
  return { body: JSON.stringify(wire(estimate)), headers: { 'x-balanced-call-token-count': 'estimate' } }
}

/** What no estimate can stand for. */
const REFUSALS: ReadonlySet<string> = new Set(['unknown_model', 'invalid_request', 'cancelled', 'shutting_down'])
