/** A whole answer as a response. */
import type { Delta } from '../../chat/delta.ts'
import type { ChatRequest } from '../../chat/request.ts'
import { createBlockAnswer, type Block } from '../inbound/blocks.ts'
import type { WholeAnswer } from '../inbound/inbound-api.ts'
import type { TellLoss } from '../inbound/media.ts'
import { parseJson } from '../../runtime/json/json.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { itemId, itemOf, sealOf, shows } from './output-items.ts'
import { responseObject, type ResponseMeta } from './response-object.ts'
import type { Namespaced } from './tools.ts'

type Json = Record<string, unknown>

/** Hears of the response when it is whole. @param isNative the upstream's own, which keeps it by itself */
export type Finished = (response: Json, isNative: boolean) => void

export function createResponse(
  chat: ChatRequest,
  meta: ResponseMeta,
  spaced: ReadonlyMap<string, Namespaced>,
  finished: Finished,
  tellLoss: TellLoss,
): WholeAnswer {
  const output: Json[] = []
  const close = (block: Block): void => {
    output.push(itemOf(block, itemId(block), 'completed', spaced))
    const seal = sealOf(block)
    if (seal) output.push(seal)
  }
  const blocks = createBlockAnswer(chat, { open() {}, piece() {}, annotated() {}, close, shows }, tellLoss)
  let raw: string | undefined
  return {
    take(deltas) {
      for (const delta of deltas) {
        blocks.take(delta)
        raw = rawText(delta) ?? raw
      }
    },
    end(terminated) {
      if (raw !== undefined) {
        const response = parseJson(raw)
        if (isRecord(response)) finished(response, true)
        return raw
      }
      const { finish, usage } = blocks.end(terminated)
      const response = { ...responseObject(meta, { output, finish, usage }), completed_at: meta.created }
      finished(response, false)
      return response
    },
  }
}

function rawText({ raw }: Delta): string | undefined {
  if (!raw) return undefined
  return raw.text ?? JSON.stringify(raw.value)
}
