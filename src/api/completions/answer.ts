import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import type { AnswerMeta } from '../chat-completions/response/chunks.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import type { WholeAnswer } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { makeId } from '../http/request-id.ts'
import {
  createTextFold,
  joinTextLogprobs,
  type Before,
  type TellText,
  type TextFold,
  type TextLogprobs,
} from './choices.ts'

/** One choice of a whole answer. */
export interface TextChoice {
  text: string
  index: number
  logprobs: TextLogprobs | null
  finish_reason: string
}

/** Adds an answer up to a `text_completion`. */
export function createTextCompletion(
  request: ChatRequest,
  meta: AnswerMeta,
  before: Before,
  tellLoss: TellLoss,
): TextCompletion {
  return new TextCompletion(request, meta, before, tellLoss)
}

export class TextCompletion implements WholeAnswer {
  private readonly texts: string[] = []
  private readonly logprobs: (TextLogprobs | null)[] = []
  private readonly fold: TextFold
  private readonly meta: AnswerMeta
  private raw: string | undefined

  constructor(request: ChatRequest, meta: AnswerMeta, before: Before, tellLoss: TellLoss) {
    this.meta = meta
    const tell: TellText = (index, text, logprobs) => {
      this.texts[index] = (this.texts[index] ?? '') + text
      this.logprobs[index] = joinTextLogprobs(this.logprobs[index] ?? null, logprobs)
    }
    this.fold = createTextFold(request, before, tell, tellLoss)
  }

  take(deltas: readonly Delta[]): void {
    for (const delta of deltas) {
      if (delta.raw?.text !== undefined) this.raw = delta.raw.text
      else if (delta.raw === undefined) this.fold.take(delta)
    }
  }

  end(terminated: boolean): Record<string, unknown> | string {
    if (this.raw !== undefined) return this.raw
    const choices = this.choices(terminated)
    const { head } = this.fold
    return textBody(choices, this.fold.usage(), {
      ...this.meta,
      id: head.id,
      created: head.created ?? this.meta.created,
      fingerprint: head.system_fingerprint,
    })
  }

  choices(terminated: boolean): TextChoice[] {
    return this.fold.end(terminated).map(({ index, finish_reason }) => ({
      text: this.texts[index] ?? '',
      index,
      logprobs: this.logprobs[index] ?? null,
      finish_reason,
    }))
  }

  usage(): WireUsage | undefined {
    return this.fold.usage()
  }
}

/** The body of an answer, or of a chunk. */
export function textBody(
  choices: unknown[],
  usage: WireUsage | undefined,
  { id, created, model, fingerprint }: AnswerMeta & { id?: string | undefined; fingerprint?: string | undefined },
): Record<string, unknown> {
  const completion = { id: id ?? makeId('cmpl-'), object: 'text_completion', created, model, choices }
  return { ...completion, usage, system_fingerprint: fingerprint }
}
