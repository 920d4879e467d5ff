/** An answer as the pieces of legacy completions: text, and log probabilities in lists side by side. */
import type { Delta, FinishReason } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { createAnswerFold, type AnswerFold } from '../chat-completions/response/fold.ts'
import type { WireLogprobs } from '../chat-completions/response/wire-types.ts'
import { createLossTeller, mediaOf, transcriptOf, type TellLoss } from '../inbound/media.ts'
import { filled, isRecord } from '../chat-completions/json-value.ts'

export interface TextLogprobs {
  tokens: string[]
  token_logprobs: number[]
  top_logprobs: Record<string, number>[]
  text_offset: number[]
}

export type TellText = (index: number, text: string, logprobs: TextLogprobs | null) => void

/** What stands before each answer, and where its characters are counted from. */
export interface Before {
  /** Told at the beginning of each choice. */
  echo: string
  /** Characters. */
  offset: number
}

export interface TextFold extends Pick<AnswerFold, 'head' | 'usage'> {
  take(delta: Delta): void
  end(terminated: boolean): { index: number; finish_reason: FinishReason }[]
}

/** A fold that tells text alone: thoughts and calls have no place in this API. */
export function createTextFold(request: ChatRequest, before: Before, tell: TellText, tellLoss: TellLoss): TextFold {
  const lose = createLossTeller(tellLoss)
  const offsets: (number | undefined)[] = []
  const begin = (index: number): string => {
    if (offsets[index] !== undefined) return ''
    offsets[index] = before.offset
    return before.echo
  }
  const fold = createAnswerFold(request, (index, delta, logprobs) => {
    const echo = begin(index)
    for (const media of mediaOf(delta)) lose(media)
    if (delta.annotations !== undefined) lose({ kind: 'citation' })
    const said = filled(delta.content) ?? filled(delta.refusal) ?? transcriptOf(delta) ?? ''
    const told = logprobs ? textLogprobs(logprobs, offsets[index] ?? 0) : null
    offsets[index] = (offsets[index] ?? 0) + said.length
    if (echo !== '' || said !== '' || told !== null) tell(index, echo + said, told)
  })
  return {
    head: fold.head,
    usage: () => fold.usage(),
    take: (delta) => void fold.take(delta),
    end: (terminated) =>
      fold.end(terminated).map(({ index, finish_reason }) => ({ index, finish_reason: endOf(finish_reason) })),
  }
}

/** This API knows three ends. */
function endOf(reason: FinishReason): FinishReason {
  return reason === 'length' || reason === 'content_filter' ? reason : 'stop'
}

function textLogprobs({ content, refusal }: WireLogprobs, offset: number): TextLogprobs {
  const lists: TextLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] }
  let at = offset
  for (const each of content ?? refusal ?? []) {
    if (!isRecord(each)) continue
    const token = String(each['token'])
    lists.tokens.push(token)
    lists.token_logprobs.push(Number(each['logprob']))
    const others = Array.isArray(each['top_logprobs']) ? each['top_logprobs'].filter(isRecord) : []
    lists.top_logprobs.push(
      Object.fromEntries(others.map((other) => [String(other['token']), Number(other['logprob'])])),
    )
    lists.text_offset.push(at)
    at += token.length
  }
  return lists
}

/** Of a choice so far, and of one more piece. */
export function joinTextLogprobs(sum: TextLogprobs | null, more: TextLogprobs | null): TextLogprobs | null {
  if (sum === null || more === null) return sum ?? more
  sum.tokens.push(...more.tokens)
  sum.token_logprobs.push(...more.token_logprobs)
  sum.top_logprobs.push(...more.top_logprobs)
  sum.text_offset.push(...more.text_offset)
  return sum
}
