/** Calls of a history that share an id, as some servers give all theirs the same one: vendors want one call and one result each. */
import type { ChatRequest, Message, ToolCall } from '../../chat/request.ts'
import { isMap } from '../../definition/scope.ts'

/** What OpenAI takes. */
const LONGEST = 40

/** The same request where each call has an id of its own, as nearly all have. */
export function withOwnCallIds(request: ChatRequest): ChatRequest {
  if (!sharesIds(request.messages)) return request
  const names = createNames()
  const messages = request.messages.map((message) => {
    if (message.tool_calls) return renamedCalls(message, names.call(message.tool_calls))
    return message.tool_call_id === undefined ? message : renamedResult(message, names.result(message.tool_call_id))
  })
  return { ...request, messages, body: { ...request.body, messages: messages.map(({ wire }) => wire) } }
}

function sharesIds(messages: readonly Message[]): boolean {
  let seen: Set<string> | undefined
  for (const { tool_calls: calls } of messages) {
    if (!calls) continue
    for (const { id } of calls) {
      if (seen?.has(id)) return true
      ;(seen ??= new Set()).add(id)
    }
  }
  return false
}

interface Names {
  /** Ids of the calls of a turn. */
  call(calls: readonly ToolCall[]): string[]
  /** The id of the call that a result answers: of those that share one the oldest of the last turn that is open. */
  result(id: string): string
}

function createNames(): Names {
  const taken = new Set<string>()
  /** How often each id was given another end: thousands may share one. */
  const ends = new Map<string, number>()
  /** The names of the last turn that has an id, and how many of them are answered. */
  const open = new Map<string, { names: string[]; answered: number }>()
  const free = (id: string): string => {
    if (!taken.has(id)) return id
    for (let n = (ends.get(id) ?? 1) + 1; ; n++) {
      const end = `_${n}`
      const name = id.slice(0, LONGEST - end.length) + end
      if (taken.has(name)) continue
      ends.set(id, n)
      return name
    }
  }
  return {
    call(calls) {
      for (const { id } of calls) open.set(id, { names: [], answered: 0 })
      return calls.map(({ id }) => {
        const name = free(id)
        taken.add(name)
        open.get(id)?.names.push(name)
        return name
      })
    },
    result(id) {
      const turn = open.get(id)
      if (!turn) return id
      // the last one stands for further results
      const at = Math.min(turn.answered++, turn.names.length - 1)
      return turn.names[at] ?? id
    },
  }
}

function renamedCalls(message: Message, ids: readonly string[]): Message {
  const calls = (message.tool_calls ?? []).map((call, i) => ({ ...call, id: ids[i] ?? call.id }))
  const wired: unknown = message.wire['tool_calls']
  if (!Array.isArray(wired)) return { ...message, tool_calls: calls }
  // the calls of the wire form are those of the normal form, in the same order
  const renamed = wired.map((call: unknown, i) => (isMap(call) && calls[i] ? { ...call, id: calls[i].id } : call))
  return { ...message, tool_calls: calls, wire: { ...message.wire, tool_calls: renamed } }
}

function renamedResult(message: Message, id: string): Message {
  const isOlder = message.wire['role'] === 'function'
  return { ...message, tool_call_id: id, wire: isOlder ? message.wire : { ...message.wire, tool_call_id: id } }
}
