import { usageIn } from '../../../chat/chunk-usage.ts'
import { GatewayError } from '../../../chat/error.ts'
import type { Delta } from '../../../chat/delta.ts'
import type { ChatRequest } from '../../../chat/request.ts'
import { filled, isRecord } from '../json-value.ts'
import { createChoice, type Choice, type Ending, type Emit } from './choice.ts'
import { readChoice } from './upstream-chunk/chunk-choice.ts'
import { readHead, type AnswerHead } from './upstream-chunk/chunk-head.ts'
import { faultError, faultIn } from './upstream-chunk/fault.ts'
import type { ChunkDelta } from './upstream-chunk/chunk-delta.ts'
import { createUsageFold } from './usage.ts'
import type { WireUsage } from './wire-types.ts'

/**
 * The only state between an upstream's deltas and a client: deltas go in, OpenAI's deltas come out through `emit`. A
 * stream writes them as they come and a completion adds them up, so both always say the same.
 */
export interface AnswerFold {
  head: AnswerHead
  /** The choice that may be told text without further ado, if any. */
  plain(index: number): boolean
  /** True when the head changed. Throws the GatewayError that the upstream reported inside its answer. */
  take(delta: Delta): boolean
  /**
   * Ends the answer. `terminated`: the upstream's answer came whole, whatever reason to stop it gave. Throws a GatewayError
   * of kind `broken_stream` when the answer stops before its end: never a silent truncation.
   */
  end(terminated: boolean): Ending[]
  usage(): WireUsage | undefined
}

type FoldRequest = Pick<ChatRequest, 'legacy_functions' | 'body'>

export function createAnswerFold(request: FoldRequest, emit: Emit): AnswerFold {
  const options = { legacyFunctions: request.legacy_functions, unwrapped: customTools(request.body) }
  const head: AnswerHead = { extra: {} }
  const usage = createUsageFold()
  const choices: Choice[] = []
  let isWhole = false

  function choiceAt(index: number): Choice {
    return (choices[index] ??= createChoice(index, options, emit))
  }

  function takeChunkDelta(piece: ChunkDelta): void {
    if (piece.error !== undefined) throw faultError(piece.error)
    choiceAt(piece.choice ?? 0).take(piece)
  }

  function takeChunk(chunk: Record<string, unknown>): boolean {
    const isChanged = readHead(chunk, head)
    usage.sent(usageIn(chunk))
    const fault = faultIn(chunk)
    const list = chunk['choices']
    if (Array.isArray(list)) {
      for (const [position, choice] of list.entries()) {
        if (!isRecord(choice)) continue
        isWhole ||= (isRecord(choice['message']) || Array.isArray(choice['messages'])) && !isRecord(choice['delta'])
        for (const piece of readChoice(choice, position)) {
          // The chunk's own error says more than a choice that ends with the word.
          takeChunkDelta(fault !== undefined && piece.error !== undefined ? { ...piece, error: fault } : piece)
        }
      }
    }
    if (fault !== undefined) throw faultError(fault)
    return isChanged
  }

  return {
    head,
    plain: (index) => choices[index]?.isPlain === true,
    take(delta) {
      let isChanged = false
      if (filled(delta.id) !== undefined && head.id === undefined) [head.id, isChanged] = [delta.id, true]
      if (delta.usage !== undefined) usage.add(delta.usage)
      if (delta.chunk !== undefined) isChanged = takeChunk(delta.chunk) || isChanged
      if (saysSomething(delta)) takeChunkDelta(delta)
      return isChanged
    },
    end(terminated) {
      const open = choices.filter((choice) => choice !== undefined)
      const isOver = terminated || isWhole
      if (open.length === 0) {
        const kind = isOver ? 'empty_answer' : 'broken_stream'
        throw new GatewayError(kind, 'The upstream ended its answer without any content.')
      }
      if (!isOver && !open.every((choice) => choice.hasFinish())) {
        throw new GatewayError(
          'broken_stream',
          'The upstream ended in the middle of its answer: no reason to stop came.',
        )
      }
      return open.map((choice) => choice.end())
    },
    usage: () => usage.wire(),
  }
}

/** Anything that belongs to a choice or is a fault. */
function saysSomething(delta: Delta): boolean {
  for (const key in delta) if (!OF_THE_ANSWER.has(key) && delta[key as keyof Delta] !== undefined) return true
  return false
}

const OF_THE_ANSWER = new Set(['id', 'model', 'choice', 'usage', 'chunk', 'other', 'raw', 'whole', 'item'])

/** Names of the request's custom tools: an upstream that only knows functions answers them as function calls. */
function customTools(body: Record<string, unknown>): ReadonlySet<string> {
  const tools = body['tools']
  if (!Array.isArray(tools)) return NONE
  const names = tools.flatMap((tool: unknown) => {
    const custom = isRecord(tool) && tool['type'] === 'custom' ? tool['custom'] : undefined
    return isRecord(custom) ? (filled(custom['name']) ?? []) : []
  })
  return names.length === 0 ? NONE : new Set(names)
}

const NONE: ReadonlySet<string> = new Set()
