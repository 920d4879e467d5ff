/** Texts become vectors: split into what the vendor takes at once, put together in order. */
import type { ChatRequest, EmbeddingInput, EmbeddingsRequest } from '../../chat/request.ts'
import { GatewayError } from '../../chat/error.ts'
import type { Answer, ChatContext, Gateway } from '../../gateway/types.ts'
import type { Vector } from './vector.ts'

/** Batches of one request that are on their way at once. */
const AT_ONCE = 8

export interface Batch {
  answer: Answer
  vectors: Vector[]
  tokens: number
}

/** The first batch shows how many inputs its vendor takes at once; the others follow, some at a time. */
export async function embedAll(
  chat: ChatRequest,
  asked: EmbeddingsRequest,
  context: ChatContext,
  gateway: Gateway,
): Promise<Batch[]> {
  const first = await embed(chat, asked, asked.input, context, gateway)
  const size = first.vectors.length
  const parts: EmbeddingInput[][] = []
  for (let at = size; at < asked.input.length; at += size) parts.push(asked.input.slice(at, at + size))
  const done: Batch[][] = []
  let next = 0
  let isFailed = false
  const work = async (): Promise<void> => {
    while (next < parts.length && !isFailed) {
      const at = next++
      try {
        done[at] = await embedPart(parts[at] ?? [], first.answer.model)
      } catch (error) {
        isFailed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, parts.length) }, work))
  return [first, ...done.flat()]

  /** Another provider of the model may take fewer at once than the first. */
  async function embedPart(part: EmbeddingInput[], model: string): Promise<Batch[]> {
    const batches: Batch[] = []
    for (let at = 0; at < part.length;) {
      const batch = await embed(chat, asked, part.slice(at), context, gateway)
      if (isOther(batch.answer.model, model))
        throw new GatewayError(
          'bad_answer',
          `'${chat.model}' has routes of several models (${model}, ${batch.answer.model}), and their vectors do not compare.`,
        )
      batches.push(batch)
      at += batch.vectors.length
    }
    return batches
  }
}

/** Names of one model differ between hosts: what stands before the last slash is the host's. */
function isOther(model: string, first: string): boolean {
  return bare(model) !== bare(first)
}

function bare(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1).toLowerCase()
}

async function embed(
  chat: ChatRequest,
  asked: EmbeddingsRequest,
  input: EmbeddingInput[],
  context: ChatContext,
  gateway: Gateway,
): Promise<Batch> {
  const text = input.map((each) => (typeof each === 'string' ? each : 'word '.repeat(each.length))).join('\n')
  const request: ChatRequest = {
    ...chat,
    // what the request will cost is estimated from its messages
    messages: [{ role: 'user', content: [{ type: 'text', text }], text, wire: {} }],
    max_tokens: 0,
    embeddings: { ...asked, input },
  }
  const answer = await gateway.chat(request, context)
  let vectors: Vector[] = []
  let tokens: number | undefined
  for await (const deltas of answer.deltas) {
    for (const { other, usage } of deltas) {
      vectors = (other as { vectors: Vector[] } | undefined)?.vectors ?? vectors
      tokens = usage?.prompt_tokens ?? tokens
    }
  }
  // of one input they are all its own, and its client reads the first
  if (vectors.length === 0 || (vectors.length > input.length && asked.input.length > 1))
    throw new GatewayError('bad_answer', `The upstream gave ${vectors.length} vectors for ${input.length} inputs.`)
  return { answer, vectors, tokens: tokens ?? gateway.estimate(request) }
}
