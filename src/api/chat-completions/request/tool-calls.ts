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
  // a long history asks once for each of its results: nothing is looked for among all calls
  const byId = new Map<string, Asked[]>()
  const byName = new Map<string, Asked[]>()

  return {
    made(more) {
      for (const call of more) {
        const asked = { call, isAnswered: false }
        add(byId, call.id, asked)
        add(byName, call.name, asked)
      }
    },
    answered: (id) => answer(byId.get(id), (calls) => calls.find(isOpen)),
    answeredByName: (name) => answer(byName.get(name), (calls) => calls.findLast(isOpen)),
  }
}

interface Asked {
  call: ToolCall
  isAnswered: boolean
}

const isOpen = ({ isAnswered }: Asked): boolean => !isAnswered

function add(lists: Map<string, Asked[]>, key: string, asked: Asked): void {
  const list = lists.get(key)
  if (list) list.push(asked)
  else lists.set(key, [asked])
}

/** The open one, else the last. */
function answer(calls: Asked[] | undefined, open: (calls: Asked[]) => Asked | undefined): ToolCall | undefined {
  const found = calls && (open(calls) ?? calls.at(-1))
  if (found !== undefined) found.isAnswered = true
  return found?.call
}
