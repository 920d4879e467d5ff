/** The lines of an answer. The last one, and a whole answer, say how it ended, what it cost and how long it took. */
import type { FinishReason } from '../../chat/delta.ts'
import type { WireUsage } from '../chat-completions/response/wire-types.ts'
import { argumentsOf, type Block } from '../inbound/blocks.ts'
import type { Media } from '../inbound/media.ts'
import { signedId } from '../inbound/call-id-signature.ts'

export type Line = Record<string, unknown>

/** What a line, or a whole answer, has to say. */
export interface Said {
  content?: string
  thinking?: string
  tool_calls?: Line[]
  /** In base64. */
  images?: string[]
}

/** How one of the two endpoints says it. */
export type Wording = (said: Said) => Line

export const chatWording: Wording = ({ content = '', ...rest }) => ({
  message: { role: 'assistant', content, ...rest },
})

/** No tools can be offered there, and an answer has one picture; more of them stand as in a chat. */
export const generateWording: Wording = ({ content = '', thinking, images }) => ({
  response: content,
  ...(thinking !== undefined && { thinking }),
  ...(images && { image: images[0] }),
  ...(images && images.length > 1 && { images }),
})

/** What an answer's lines are made with. */
export interface LineMeta {
  /** As the client named it. */
  model: string
  wording: Wording
  /** Milliseconds since the epoch. */
  now: () => number
  /** When the request came. */
  started: number
}

export function lineOf({ model, wording, now }: LineMeta, said: Said, rest: Line): Line {
  return { model, created_at: new Date(now()).toISOString(), ...wording(said), ...rest }
}

/** Pictures that are here, and not elsewhere: it has bytes alone. */
export function shows(media: Media): boolean {
  return media.kind === 'picture' && 'data' in media
}

export function pictureIn({ media }: Block): string[] {
  return media && 'data' in media ? [media.data] : []
}

/** A call has no place for opaque state but its id. @param index among the calls of the answer */
export function callOf(block: Block, index: number): Line {
  const id = signedId(block.id ?? '', block.signature)
  return { id, function: { index, name: block.name ?? '', arguments: argumentsOf(block) } }
}

/** Ollama knows `stop` and `length`; a filter is told by its own name, as neither is true of it. */
const REASONS: Record<FinishReason, string> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'stop',
  function_call: 'stop',
  content_filter: 'content_filter',
}

const NANOSECONDS = 1_000_000

/** @param first when there was something to show, in milliseconds since the epoch; absent: never */
export function endOf(
  { now, started }: LineMeta,
  finish: FinishReason,
  usage: WireUsage | undefined,
  first: number | undefined,
): Line {
  const ended = now()
  const begun = first ?? ended
  return {
    done: true,
    done_reason: REASONS[finish],
    total_duration: nanoseconds(ended - started),
    load_duration: 0,
    ...(usage && { prompt_eval_count: usage.prompt_tokens }),
    prompt_eval_duration: nanoseconds(begun - started),
    ...(usage && { eval_count: usage.completion_tokens }),
    eval_duration: nanoseconds(ended - begun),
  }
}

/** At least one: clients divide by it. */
export function nanoseconds(milliseconds: number): number {
  return Math.max(1, Math.round(milliseconds * NANOSECONDS))
}
