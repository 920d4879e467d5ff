import { GatewayError } from '../../../chat/error.ts'
import { makeId } from '../../http/request-id.ts'
import { isRecord } from '../json-value.ts'
import type { ToolCallChunk } from './upstream-chunk/chunk-delta.ts'
import { toExtraContent } from './upstream-chunk/thought-signature.ts'
import type { WireToolCall } from './wire-types.ts'

/** The calls of one choice: the vendor's indices become dense, and each id and name is told once. */
export interface ToolCalls {
  /** Adds a piece; gives what the client is to be told of it. */
  take(piece: ToolCallChunk): WireToolCall[]
  /** Tells what was held back in the hope of more: before text, and at the end. */
  flush(): WireToolCall[]
  /** Ends all calls: one without arguments gets `{}`. Throws when a call never got a name. */
  end(): WireToolCall[]
  /** Calls that were told. */
  count(): number
}

interface Call {
  /** The vendor's. */
  id?: string
  /** The client's: another where the vendor gives several calls of an answer one id. */
  toldId?: string
  name: string
  isCustom: boolean
  /** A custom tool that went upstream as a function: told whole at the end, when its `input` can be read. */
  isWrapped: boolean
  /** Position among the calls that were told; -1 until then. */
  index: number
  vendorIndex?: number
  hasArguments: boolean
  /** All text of its arguments so far. */
  said: string
  /** Text of arguments that came before the name. */
  early: string
  extra?: unknown
}

/** Arguments that say nothing. */
function isNothing(text: string): boolean {
  // the longest is looked at no further: a pattern over white space would take its square
  const bare = text.length > 1000 ? text : text.trim()
  return bare === '' || bare === 'null'
}

/** `unwrapped` names the custom tools that went upstream as functions: their calls come back as custom calls. */
export function createToolCalls(unwrapped: ReadonlySet<string>): ToolCalls {
  const calls: Call[] = []
  const byVendorIndex = new Map<number, Call>()
  let told = 0

  function find(piece: ToolCallChunk): Call {
    if (piece.another && !goesOn(piece))
      return calls.findLast((call) => call.id === piece.id && isAgain(piece, call)) ?? open(piece)
    if (piece.index !== undefined) {
      const known = byVendorIndex.get(piece.index)
      // Servers that number every call 0 give each its own id and its own name.
      const isOther =
        piece.id !== undefined && piece.name !== undefined && known?.id !== undefined && known.id !== piece.id
      return known !== undefined && !isOther ? known : open(piece)
    }
    const known = piece.id === undefined ? undefined : calls.findLast((call) => call.id === piece.id)
    if (known !== undefined) return known
    const last = calls.at(-1)
    return last !== undefined && piece.id === undefined && piece.name === undefined ? last : open(piece)
  }

  /** A list may hold several pieces of one call as well: those without a name, and those whose call is not whole yet. */
  function goesOn({ id, index, name }: ToolCallChunk): boolean {
    if (name === undefined) return true
    const known = index === undefined ? undefined : byVendorIndex.get(index)
    return known?.id === id && known?.name === name && canonicalObject(known.said) === undefined
  }

  function open(piece: ToolCallChunk): Call {
    const call: Call = {
      name: '',
      isCustom: false,
      isWrapped: false,
      index: -1,
      hasArguments: false,
      said: '',
      early: '',
    }
    calls.push(call)
    if (piece.index !== undefined) byVendorIndex.set(piece.index, call)
    return call
  }

  function announce(call: Call, fragment: string): WireToolCall {
    call.index = told++
    const isTaken = calls.some((other) => other !== call && other.toldId !== undefined && other.toldId === call.id)
    const id = (call.toldId ??= call.id === undefined || isTaken ? makeId('call_') : call.id)
    const text = call.early + fragment
    call.early = ''
    const extra = call.extra === undefined ? {} : { extra_content: call.extra }
    if (call.isCustom)
      return { index: call.index, id, type: 'custom', custom: { name: call.name, input: text }, ...extra }
    return { index: call.index, id, type: 'function', function: { name: call.name, arguments: text }, ...extra }
  }

  function proceed(call: Call, fragment: string): WireToolCall {
    return call.isCustom
      ? { index: call.index, custom: { input: fragment } }
      : { index: call.index, function: { arguments: fragment } }
  }

  return {
    take(piece) {
      const call = find(piece)
      const out: WireToolCall[] = []
      if (calls.length > 1) for (const other of calls) if (other !== call) out.push(...ready(other))
      call.id ??= piece.id
      if (piece.custom) call.isCustom = true
      const extra = piece.signature === undefined ? piece.extra_content : toExtraContent(piece.signature)
      const fragment = saysAgain(piece, call) ? '' : argumentsText(piece.arguments, call)
      call.said += fragment

      if (call.index >= 0) {
        // Late state goes with an empty fragment: strict clients want the function's object in every delta.
        if (fragment !== '' || extra !== undefined) out.push({ ...proceed(call, fragment), extra_content: extra })
        return out
      }
      call.extra = extra ?? call.extra
      if (piece.name !== undefined && piece.name !== call.name) call.name += piece.name
      call.isWrapped = !call.isCustom && unwrapped.has(call.name)
      const isComplete = call.name !== '' && piece.unfinished !== true && !call.isWrapped
      if (isComplete) out.push(announce(call, fragment))
      else call.early += fragment
      return out
    },
    flush: () => calls.flatMap(ready),
    end() {
      const out = calls.flatMap((call) => {
        // arguments of a block that was never opened as a call belong to a tool that the vendor runs itself
        if (call.index >= 0 || (call.name === '' && call.id === undefined)) return []
        if (call.isWrapped) [call.isCustom, call.early] = [true, unwrap(call.early)]
        if (call.name !== '') return [announce(call, '')]
        throw new GatewayError('bad_answer', 'The upstream called a tool without naming it.')
      })
      for (const call of calls)
        if (call.index >= 0 && !call.hasArguments && !call.isCustom) out.push(proceed(call, '{}'))
      return out
    },
    count: () => told,
  }

  function ready(call: Call): WireToolCall[] {
    return call.index < 0 && call.name !== '' && !call.isWrapped ? [announce(call, '')] : []
  }

  /** The next piece of a call's JSON text. Empty objects and nulls say nothing yet: the end writes `{}` for them. */
  function argumentsText(value: unknown, call: Call): string {
    if (value === undefined || value === null || value === '') return ''
    const isText = typeof value === 'string'
    if (!call.hasArguments && !call.isCustom && isText && isNothing(value)) return ''
    if (!isText && (call.hasArguments || (isRecord(value) && Object.keys(value).length === 0))) return ''
    call.hasArguments = true
    return isText ? value : JSON.stringify(value)
  }
}

/** Some servers end a call by a piece that has all of it once more: with its id and name, and its arguments whole. */
function saysAgain({ id, name, arguments: text }: ToolCallChunk, call: Call): boolean {
  const repeats = id === undefined ? name === call.name : name !== undefined && id === call.id
  if (!repeats || call.isCustom || typeof text !== 'string' || call.said === '') return false
  const again = canonicalObject(text)
  if (again === undefined) return false
  const said = canonicalObject(call.said)
  // without an id it may be another call of the same tool
  return said !== undefined && (id !== undefined || said === again)
}

/** The same call once more. */
function isAgain({ name, arguments: text }: ToolCallChunk, call: Call): boolean {
  if (name !== call.name) return false
  const said = canonicalObject(call.said)
  const again = typeof text === 'string' ? canonicalObject(text) : JSON.stringify(text)
  return said === again
}

/** An object's text without its spacing; undefined where it is not whole. */
function canonicalObject(json: string): string | undefined {
  const bare = json.trim()
  if (!bare.startsWith('{') || !bare.endsWith('}')) return undefined
  try {
    return JSON.stringify(JSON.parse(bare))
  } catch {
    return undefined
  }
}

/** The free text inside the function call that stood for a custom tool's. */
function unwrap(json: string): string {
  try {
    const value: unknown = JSON.parse(json)
    return isRecord(value) && typeof value['input'] === 'string' ? value['input'] : json
  } catch {
    return json
  }
}
