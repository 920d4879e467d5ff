/** Marks of the prompt cache beyond the vendor's most are taken off, those of the shortest beginnings first. */
import type { ChatRequest, Message, Part, Tool } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

/** `most`: how many the vendor takes; one that stands beside the messages, for the last block, counts. */
export const fewerCacheMarks: RequestTransform = (options) => {
  const most = typeof options['most'] === 'number' ? options['most'] : 4
  return (request, warnings) => {
    const allowed = most - (isMap(request.body['cache_control']) ? 1 : 0)
    let beyond = countOf(request) - allowed
    if (beyond <= 0) return request
    warnings.push(`cache_control: no more than ${most} are taken, the last ${allowed} stand`)
    const bare = <T extends Part | Tool>(item: T): T => {
      if (beyond <= 0 || markOf(item) === undefined) return item
      beyond--
      return { ...item, cache_control: undefined }
    }
    // the prompt's order: tools, the system's words, all others
    const tools = request.tools?.map(bare)
    const inFront = request.messages.map((each) => (each.role === 'system' ? withFewer(each, bare) : each))
    const messages = inFront.map((each) => (each.role === 'system' ? each : withFewer(each, bare)))
    return { ...request, messages, ...(tools && { tools }) }
  }
}

function countOf({ tools, messages }: ChatRequest): number {
  let count = 0
  for (const tool of tools ?? []) if (markOf(tool) !== undefined) count++
  for (const { content } of messages) for (const part of content) if (markOf(part) !== undefined) count++
  return count
}

function withFewer(message: Message, bare: (part: Part) => Part): Message {
  return message.content.some((part) => markOf(part) !== undefined)
    ? { ...message, content: message.content.map(bare) }
    : message
}

function markOf(item: Part | Tool): unknown {
  return 'cache_control' in item ? item.cache_control : undefined
}
