/** What agents send again with each request, known by its bytes: their tools, and the conversation so far. */
import { makeId } from '../request-id.ts'
import { createKnownHistory, type Beginning } from './known-history.ts'
import { around, inOrder, type Span } from './known-span.ts'
import { createKnownTools } from './known-tools.ts'

export interface KnownBody {
  /** Parsed as any body is, but for what is known: a mark stands for it. */
  body: Record<string, unknown>
  tools: (Span & { tools: object }) | undefined
  history: Beginning | undefined
}

export interface KnownParts {
  /** A body in which something is known; undefined for any other. */
  read(json: Buffer): KnownBody | undefined
  /** Remembers a body that was parsed and taken, later on. @param found what was known of it */
  learn(json: Buffer, body: unknown, found: KnownBody | undefined): void
}

/** Bytes of a body that is as soon parsed. */
const SHORTEST = 1024

/** @param later calls it in another turn of the loop: to learn takes as long as to parse, and no client need wait for it */
export function createKnownParts(later: (learn: () => void) => void = setImmediate): KnownParts {
  const marks = { tools: makeId('tools-'), history: makeId('history-') }
  const known = { tools: createKnownTools(marks.tools), history: createKnownHistory(marks.history) }

  function read(json: Buffer): KnownBody | undefined {
    if (json.length < SHORTEST) return undefined
    const tools = known.tools.find(json)
    const history = known.history.find(json)
    if (!tools || !history) return (tools || history) && skeleton(json, tools, history)
    // the same bytes may stand where they mean something else
    return skeleton(json, tools, history) ?? skeleton(json, undefined, history) ?? skeleton(json, tools, undefined)
  }

  function learn(json: Buffer, body: unknown, found: KnownBody | undefined): void {
    if (typeof body !== 'object' || body === null || json.length < SHORTEST) return
    const map = body as Record<string, unknown>
    const hasTools = found?.tools === undefined && known.tools.isNew(map)
    const hasTurns = known.history.isNew(json, map, found?.history)
    if (!hasTools && !hasTurns) return
    later(() => {
      if (hasTools) known.tools.learn(json)
      if (hasTurns) known.history.learn(json, map, found?.tools)
    })
  }

  return { read, learn }
}

function skeleton(json: Buffer, tools: KnownBody['tools'], history: Beginning | undefined): KnownBody | undefined {
  const spans = inOrder(tools, history)
  if (tools && history && spans.length < 2) return undefined
  const body = around(json, spans)
  if (!body || (tools && body['tools'] !== tools.mark)) return undefined
  if (history) {
    const items = body[history.list]
    if (!Array.isArray(items) || items[0] !== history.mark) return undefined
  }
  return { body, tools, history }
}

/** The whole body: what is known is put where its mark stands. */
export function completed({ body, tools, history }: KnownBody): Record<string, unknown> {
  if (tools) body['tools'] = tools.tools
  if (history) body[history.list] = [...history.items, ...(body[history.list] as unknown[]).slice(1)]
  return body
}
