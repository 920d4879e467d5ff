/** Models of a router whose own vendor wants thoughts under a second name, beside the router's. */
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

/** `as`: the name; `owed`: what stands for thoughts that the client dropped from a history with calls, which is refused without any. */
export const thoughtsBeside: RequestTransform = (options) => {
  const name = typeof options['as'] === 'string' ? options['as'] : 'reasoning_content'
  const owed = typeof options['owed'] === 'string' ? options['owed'] : ''
  return (request) => {
    const wires: unknown = request.body['messages']
    const { messages } = request
    const isSame = Array.isArray(wires) && wires.length === messages.length
    if (!isSame || messages.every(({ tool_calls: calls }) => calls === undefined)) return request
    const told = wires.map((wire: unknown, i) => {
      if (!isMap(wire) || wire['role'] !== 'assistant') return wire
      return { ...wire, [name]: textOf(messages[i]) || owed }
    })
    return { ...request, body: { ...request.body, messages: told } }
  }
}

function textOf(message: Message | undefined): string {
  return (message?.reasoning ?? []).map(({ text }) => text ?? '').join('')
}
