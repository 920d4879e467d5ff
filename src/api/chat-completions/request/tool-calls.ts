import type { ToolCall } from '../../../chat/request.ts'
import { fromExtraContent } from '../response/upstream-chunk/thought-signature.ts'
import { filled, isRecord } from '../json-value.ts'
import { parseArguments } from './tool-arguments.ts'

/** The calls of an assistant message; a deprecated `function_call` is one, with an id made from its position. */
export function parseToolCalls(message: Record<string, unknown>, position: number): ToolCall[] {
  const list = message['tool_calls']
  if (Array.isArray(list) && list.length > 0) {
    return list.filter(isRecord).map((call, index) => parseToolCall(call, `call_${position}_${index}`))
  }
  const legacy = message['function_call']
  if (!isRecord(legacy) || filled(legacy['name']) === undefined) return []
  return [parseToolCall({ function: legacy }, `call_${position}_0`)]
}

function parseToolCall(call: Record<string, unknown>, madeId: string): ToolCall {
  const id = filled(call['id']) ?? madeId
  const signature = fromExtraContent(call['extra_content'])
  const state = signature === undefined ? {} : { signature }
  if (isRecord(call['custom']) && !isRecord(call['function'])) {
    const { name, input } = call['custom']
    return { id, name: filled(name) ?? '', arguments: { input: typeof input === 'string' ? input : '' }, ...state }
  }
  const called = isRecord(call['function']) ? call['function'] : {}
  return { id, name: filled(called['name']) ?? '', arguments: parseArguments(called['arguments']), ...state }
}

/** Knows the calls made so far, so that each result finds the one that it answers. */
export interface OpenCalls {
  made(calls: readonly ToolCall[]): void
  /** The call with this id, the oldest unanswered one first: some servers give every call the same id. */
  answered(id: string): ToolCall | undefined
  /** The most recent call of this function, for deprecated results that have a name only. */
  answeredByName(name: string): ToolCall | undefined
}

export function createOpenCalls(): OpenCalls {
  // a long history asks once for each of its results: nothing is looked for among all calls, nor passed over twice
  const byId = new Map<string, Asks>()
  const byName = new Map<string, Asks>()

  return {
    made(more) {
      for (const call of more) {
        const asked = { call, isAnswered: false }
        listOf(byId, call.id).push(asked)
        listOf(byName, call.name).push(asked)
      }
    },
    answered: (id) => answer(byId.get(id), oldest),
    answeredByName: (name) => answer(byName.get(name), newest),
  }
}

interface Asked {
  call: ToolCall
  isAnswered: boolean
}

/** Calls of one id or name; how many of the oldest are known to be answered. */
class Asks {
  readonly calls: Asked[] = []
  answered = 0
  last: Asked | undefined

  push(asked: Asked): void {
    this.calls.push(asked)
    this.last = asked
  }
}

function listOf(lists: Map<string, Asks>, key: string): Asks {
  let list = lists.get(key)
  if (!list) lists.set(key, (list = new Asks()))
  return list
}

function oldest(asks: Asks): Asked | undefined {
  while (asks.calls[asks.answered]?.isAnswered) asks.answered++
  return asks.calls[asks.answered]
}

function newest({ calls }: Asks): Asked | undefined {
  while (calls.at(-1)?.isAnswered) calls.pop()
  return calls.at(-1)
}

/** The open one, else the last. */
function answer(asks: Asks | undefined, open: (asks: Asks) => Asked | undefined): ToolCall | undefined {
  const found = asks && (open(asks) ?? asks.last)
  if (found !== undefined) found.isAnswered = true
  return found?.call
}
