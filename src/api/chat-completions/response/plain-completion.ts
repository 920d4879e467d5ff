import { usageIn } from '../../../chat/chunk-usage.ts'
import type { Delta, FinishReason } from '../../../chat/delta.ts'
import { isRecord } from '../json-value.ts'
import { readHead, type AnswerHead } from './upstream-chunk/chunk-head.ts'
import { faultIn } from './upstream-chunk/fault.ts'
import { finalFinish, finishWord, laterFinish } from './finish.ts'
import { createUsageFold, type UsageFold } from './usage.ts'
import type { WireUsage } from './wire-types.ts'

/**
 * An answer that came at once, and says one text in one choice and nothing else: by far the most common, and worth a short
 * cut around the fold, which would say the same of it.
 */
export interface PlainAnswer {
  head: AnswerHead
  text: string
  finish: FinishReason
  usage(): WireUsage | undefined
}

/** Undefined for every other answer. */
export function plainAnswer(deltas: readonly Delta[]): PlainAnswer | undefined {
  const answer = new Reading()
  for (const delta of deltas) if (!answer.reads(delta)) return undefined
  return answer.text === '' ? undefined : answer
}

class Reading implements PlainAnswer {
  readonly head: AnswerHead = { extra: {} }
  text = ''
  private said: FinishReason | undefined
  private counts: UsageFold | undefined

  get finish(): FinishReason {
    return finalFinish(this.said ?? 'stop', 0, false)
  }

  usage(): WireUsage | undefined {
    return this.counts?.wire()
  }

  reads(delta: Delta): boolean {
    for (const key in delta) if (!PLAIN.has(key) && delta[key as keyof Delta] !== undefined) return false
    if (delta.choice !== undefined && delta.choice !== 0) return false
    if (delta.chunk !== undefined && !this.readsChunk(delta.chunk)) return false
    if (delta.id !== undefined && delta.id !== '') this.head.id ??= delta.id
    if (delta.usage !== undefined) (this.counts ??= createUsageFold()).add(delta.usage)
    if (delta.text !== undefined) this.text += delta.text
    if (delta.finish_reason !== undefined) this.said = laterFinish(this.said, delta.finish_reason)
    return true
  }

  private readsChunk(chunk: Record<string, unknown>): boolean {
    const { choices } = chunk
    if (!Array.isArray(choices) || choices.length !== 1 || faultIn(chunk) !== undefined) return false
    if (!this.readsChoice(choices[0])) return false
    readHead(chunk, this.head)
    const usage = usageIn(chunk)
    if (usage !== undefined) (this.counts ??= createUsageFold()).sent(usage)
    return true
  }

  private readsChoice(choice: unknown): boolean {
    if (!isRecord(choice) || !isRecord(choice['message'])) return false
    for (const key in choice) {
      const value = choice[key]
      if (key === 'index' ? value !== 0 : key !== 'message' && typeof value === 'object' && value !== null) return false
    }
    const finish = finishWord(choice['finish_reason'])
    if (finish === 'error' || !this.readsMessage(choice['message'])) return false
    if (finish !== undefined) this.said = laterFinish(this.said, finish)
    return true
  }

  private readsMessage(message: Record<string, unknown>): boolean {
    for (const key in message) {
      const value = message[key]
      if (key === 'content') {
        if (typeof value !== 'string') return false
        this.text += value
      } else if (typeof value === 'object' ? !isNothing(value) : TELLING.has(key) && value !== '') return false
    }
    return true
  }
}

const PLAIN: ReadonlySet<string> = new Set(['id', 'model', 'choice', 'text', 'finish_reason', 'usage', 'chunk'])

/** Texts of a message that are told beside its content. */
const TELLING: ReadonlySet<string> = new Set(['refusal', 'reasoning', 'reasoning_content'])

function isNothing(value: object | null): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}
