/** Which trace a request belongs to, and how that is told on (W3C Trace Context, `traceparent`). */
import { randomBytes } from 'node:crypto'

/** What a client says of its own. */
export interface GivenTrace {
  traceparent: string
  tracestate?: string
}

export interface Trace {
  /** 32 and 16 hex digits. */
  traceId: string
  /** Of the request here. */
  spanId: string
  /** The client's span; absent where the trace begins here. */
  parentId?: string
  /** 1: somebody keeps it. */
  flags: number
  state?: string
}

/** A version that is not known yet has the same beginning. */
const PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-|$)/
/** Characters of a tracestate that are passed on. */
const MOST_STATE = 512

/** Nothing where the header is not there, twice, or no traceparent. */
export function givenTrace({
  traceparent,
  tracestate,
}: Readonly<Record<string, string | string[] | undefined>>): GivenTrace | undefined {
  if (typeof traceparent !== 'string') return undefined
  const state = typeof tracestate === 'string' && tracestate.length <= MOST_STATE ? tracestate : undefined
  return { traceparent, ...(state !== undefined && { tracestate: state }) }
}

/** The client's trace goes on; one that is malformed is as none, as the standard says. */
export function beginTrace(given: GivenTrace | undefined): Trace {
  const [, traceId, parentId, flags] = PARENT.exec(given?.traceparent ?? '') ?? []
  if (traceId === undefined || parentId === undefined)
    return { traceId: randomBytes(16).toString('hex'), spanId: newSpanId(), flags: 1 }
  const state = given?.tracestate
  const isKept = Number.parseInt(flags ?? '0', 16) & 1
  return { traceId, spanId: newSpanId(), parentId, flags: isKept, ...(state !== undefined && { state }) }
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex')
}

/** For the upstream, whose part begins below the span of this try. */
export function traceHeaders({ traceId, flags, state }: Trace, spanId: string): Record<string, string> {
  const traceparent = `00-${traceId}-${spanId}-0${flags}`
  return state === undefined ? { traceparent } : { traceparent, tracestate: state }
}
