/** Messages in OpenAI's wire form, made plainer for servers that know only a part of it. */
import type { Message } from '../../../chat/request.ts'
import { isMap } from '../../../definition/scope.ts'
import type { RequestTransform } from './request-transform.ts'

type Wire = Message['wire']

interface Options {
  /** Content of text parts only becomes one text; `always`: other parts are dropped, with a warning. */
  text: 'plain' | 'always' | undefined
  /** Fields of a message that the server refuses. */
  leaveOut: readonly string[]
  /** The field in which the server wants thoughts back; `none`: in no field; `parts`: as a part of the content; `tags`: in the text, as `<think>`. */
  thoughts: string | undefined
  /** What stands for content that is null or missing. */
  emptyContent: string | undefined
  /** What stands for thoughts that a client dropped, for servers that refuse a history with calls without any. */
  owedThoughts: string | undefined
  /**
   * `kept`: marks of other vendors, and what OpenAI's answers say with nothing in it, stay, as nobody knows which server this
   * is; `parts`: marks of the cache stay, on parts of the content, where the server reads them.
   */
  marks: 'kept' | 'parts' | undefined
  /** Each tool result names its tool. */
  nameResults: boolean
  /** Fields of a last message of the assistant, which the server is to go on from. */
  begun: Wire
  isBegun: boolean
}

const THOUGHTS = ['reasoning_content', 'reasoning', 'reasoning_details', 'thinking_blocks']

/**
 * Options: `text`, `leave_out`, `thoughts`, `owed_thoughts`, `marks`, `empty_content`, `name_results`, `begun`, as above. The role
 * `developer` always becomes `system`, a refusal becomes text, the deprecated forms become tool calls and results, and
 * an answer that says nothing goes.
 */
export const openaiMessages: RequestTransform = (given) => {
  const begun = isMap(given['begun']) ? given['begun'] : {}
  const options: Options = {
    text: given['text'] === 'plain' || given['text'] === 'always' ? given['text'] : undefined,
    leaveOut: Array.isArray(given['leave_out']) ? given['leave_out'].map(String) : [],
    thoughts: typeof given['thoughts'] === 'string' ? given['thoughts'] : undefined,
    emptyContent: typeof given['empty_content'] === 'string' ? given['empty_content'] : undefined,
    owedThoughts: typeof given['owed_thoughts'] === 'string' ? given['owed_thoughts'] : undefined,
    marks: given['marks'] === 'kept' || given['marks'] === 'parts' ? given['marks'] : undefined,
    nameResults: given['name_results'] === true,
    begun,
    isBegun: Object.keys(begun).length > 0,
  }
  return (request, warnings) => {
    if (areAsTheyShall(request.messages, options)) return request
    const said = request.messages.filter((message) => message.role !== 'assistant' || saysSomething(message))
    const owed = said.some((message) => message.tool_calls !== undefined) ? options.owedThoughts : undefined
    const messages = said.map((message, i) => {
      const wire = plainer(message, options, owed)
      if (options.text === 'always' && Array.isArray(message.wire['content'])) tellOfLoss(message, warnings)
      const isBegun = i === said.length - 1 && message.role === 'assistant' && !message.tool_calls
      return { ...message, wire: isBegun ? { ...wire, ...options.begun } : wire }
    })
    return { ...request, messages }
  }
}

/** The usual conversation, texts and nothing beside them: to look costs less than copies. */
function areAsTheyShall(messages: readonly Message[], options: Options): boolean {
  for (let i = 0; i < messages.length; i++) {
    const { role, wire, content, tool_calls: calls, reasoning, refusal } = messages[i] as Message
    if (role === 'tool' || wire['role'] !== role || typeof wire['content'] !== 'string') return false
    if (content.length === 0 || calls !== undefined || reasoning !== undefined || refusal !== undefined) return false
    for (const field in wire) if (field !== 'role' && field !== 'content') return false
    if (role === 'assistant' && i === messages.length - 1 && options.isBegun) return false
  }
  return true
}

function saysSomething({ content, tool_calls: calls, refusal, wire }: Message): boolean {
  return content.length > 0 || calls !== undefined || refusal !== undefined || isMap(wire['audio'])
}

function plainer(message: Message, options: Options, owed: string | undefined): Wire {
  const wire: Wire = { ...modern(message) }
  if (wire['role'] === 'developer') wire['role'] = 'system'
  delete wire['server_tools'] // only our answers have it
  if (options.marks !== 'kept') takeOffMarks(wire, options.marks === 'parts')
  if (message.role === 'assistant') {
    if (options.thoughts === undefined) giveBackThoughts(message, wire)
    else {
      moveThoughts(message, wire, options.thoughts)
      if (owed !== undefined) wire[options.thoughts] ||= owed
    }
  }
  const isPlain = message.content.every((part) => part.type === 'text')
  if (options.text !== undefined && Array.isArray(wire['content']) && (isPlain || options.text === 'always')) {
    wire['content'] = message.text ?? message.refusal ?? ''
  }
  if (message.refusal !== undefined) {
    delete wire['refusal']
    if (message.content.length === 0) wire['content'] = message.refusal
  }
  for (const field of options.leaveOut) delete wire[field]
  if (options.emptyContent !== undefined) wire['content'] ??= options.emptyContent
  if (options.nameResults && message.role === 'tool') wire['name'] ??= message.name
  if (message.tool_calls && Array.isArray(wire['tool_calls']))
    wire['tool_calls'] = wire['tool_calls'].map(asFunctionCall(message))
  return wire
}

/** Arguments that are not valid JSON are told as the canonical request reads them; servers parse them and fail. */
function asFunctionCall({ tool_calls: calls = [] }: Message): (wired: unknown, index: number) => unknown {
  return (wired, index) => {
    const call = calls[index]
    const said = isMap(wired) && isMap(wired['function']) ? wired['function'] : undefined
    if (!call || !isMap(wired) || (said && isJsonObject(said['arguments']))) return wired
    const { custom: _, ...rest } = wired
    const made = { name: call.name, arguments: JSON.stringify(call.arguments) }
    return { ...rest, type: 'function', function: { ...said, ...made } }
  }
}

function isJsonObject(text: unknown): boolean {
  if (typeof text !== 'string') return false
  try {
    return isMap(JSON.parse(text))
  } catch {
    return false
  }
}

/** The deprecated function messages in today's form. */
function modern({ role, wire, tool_calls: calls, tool_call_id: id }: Message): Wire {
  if (wire['role'] === 'function') return { role: 'tool', tool_call_id: id, content: wire['content'] }
  if (role !== 'assistant' || !isMap(wire['function_call']) || !calls) return wire
  const { function_call: _, ...rest } = wire
  const made = calls.map((call) => ({
    id: call.id,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  }))
  return { ...rest, tool_calls: made }
}

/** Opaque state of a vendor, and the fields of an answer that say nothing: a history keeps them when the vendor changes. */
function takeOffMarks(wire: Wire, readsCacheMarks: boolean): void {
  for (const field of ['extra_content', 'cache_control', 'provider_specific_fields']) delete wire[field]
  for (const field of ['refusal', 'audio', 'function_call']) if (wire[field] === null) delete wire[field]
  for (const field of ['annotations', 'images']) if (Array.isArray(wire[field])) delete wire[field]
  if (!readsCacheMarks && Array.isArray(wire['content'])) wire['content'] = wire['content'].map(withoutCacheMark)
  if (Array.isArray(wire['tool_calls'])) wire['tool_calls'] = wire['tool_calls'].map(withoutMarks)
}

function withoutCacheMark(part: unknown): unknown {
  if (!isMap(part) || part['cache_control'] === undefined) return part
  const { cache_control: _, ...rest } = part
  return rest
}

function withoutMarks(call: unknown): unknown {
  if (!isMap(call)) return call
  const { extra_content: _, index: __, provider_specific_fields: ___, ...rest } = call
  if (!isMap(rest['function']) || rest['function']['provider_specific_fields'] === undefined) return rest
  const { provider_specific_fields: ____, ...said } = rest['function']
  return { ...rest, function: said }
}

/** What was kept here of an answer's thoughts stands where the server itself had told them. */
function giveBackThoughts({ reasoning }: Message, wire: Wire): void {
  const field = reasoning?.[0]?.told_as
  if (field !== undefined && THOUGHTS.every((each) => wire[each] === undefined)) wire[field] = reasoning?.[0]?.text
}

function moveThoughts(message: Message, wire: Wire, field: string): void {
  const text = (message.reasoning ?? []).map((thought) => thought.text ?? '').join('')
  for (const each of THOUGHTS) if (each !== field) delete wire[each]
  if (field === 'none' || text === '') return
  if (field === 'tags') wire['content'] = `<think>${text}</think>${message.text ?? ''}`
  else if (field === 'parts') {
    const signature = message.reasoning?.find((thought) => thought.signature !== undefined)?.signature
    const thinking = {
      type: 'thinking',
      thinking: [{ type: 'text', text }],
      ...(signature !== undefined && { signature }),
    }
    const others = parts(wire['content']).filter((part) => !(isMap(part) && part['type'] === 'thinking'))
    wire['content'] = [thinking, ...others]
  } else wire[field] ??= text
}

function tellOfLoss(message: Message, warnings: string[]): void {
  const kinds = new Set(message.content.filter((part) => part.type !== 'text').map((part) => part.type))
  for (const kind of kinds) warnings.push(`messages: parts of type ${kind} are not taken, left out`)
}

function parts(content: unknown): unknown[] {
  if (Array.isArray(content)) return content
  return typeof content === 'string' && content !== '' ? [{ type: 'text', text: content }] : []
}
