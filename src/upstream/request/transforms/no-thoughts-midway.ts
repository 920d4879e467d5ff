/** A model that thinks within a budget must see its own thoughts before the calls that it goes on from: without them it goes on without. */
import type { ChatRequest, Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

export const noThoughtsMidway: RequestTransform = () => (request, warnings) => {
  const { reasoning_effort: effort, extra, messages } = request
  if ((effort === undefined || effort === 'none') && !isOn(extra['thinking'])) return request
  const last = messages.findLast(({ role }) => role === 'assistant')
  // a turn of the user ends the loop: the next answer begins with thoughts of its own
  if (!last?.tool_calls || messages.at(-1)?.role !== 'tool' || hasThoughts(last)) return request
  warnings.push(
    'reasoning_effort: the history lacks the thoughts before its last tool calls, answered without thinking',
  )
  const { thinking: _, ...others } = extra
  const quiet: ChatRequest = { ...request, extra: others, reasoning_effort: undefined }
  return quiet
}

function isOn(thinking: unknown): boolean {
  return isMap(thinking) && thinking['type'] !== 'disabled'
}

/** Only signed thoughts and sealed ones are the vendor's own. */
function hasThoughts({ reasoning }: Message): boolean {
  return reasoning?.some(({ signature, data }) => (signature ?? data ?? '') !== '') ?? false
}
