import type { FinishReason } from '../../../chat/delta.ts'
import { makeId } from '../../http/request-id.ts'
import { isRecord } from '../json-value.ts'
import { wireAnnotations } from './upstream-chunk/annotations.ts'
import { finalFinish, laterFinish } from './finish.ts'
import { wireLogprobs } from './upstream-chunk/logprobs.ts'
import type { ChunkDelta } from './upstream-chunk/chunk-delta.ts'
import { createThoughts, type Thoughts } from './thoughts.ts'
import { toExtraContent } from './upstream-chunk/thought-signature.ts'
import { createToolCalls, type ToolCalls } from './tool-calls.ts'
import type { WireDelta, WireLogprobs, WireToolCall } from './wire-types.ts'

/** Takes what one choice is to be told. */
export type Emit = (index: number, delta: WireDelta, logprobs?: WireLogprobs) => void

/** One choice of an answer: turns pieces into OpenAI's deltas and remembers what its end depends on. */
export interface Choice {
  index: number
  /** The client was given the role, and nothing is held back: text may go out straight. */
  isPlain: boolean
  take(piece: ChunkDelta): void
  /** The upstream gave a reason to end. */
  hasFinish(): boolean
  /** Tells what was held back. An upstream that ended well without a reason meant a plain stop. */
  end(): Ending
}

export interface Ending {
  index: number
  finish_reason: FinishReason
  /** Objects that the upstream put beside its deltas; later ones win. */
  beside: Record<string, unknown>
}

export interface ChoiceOptions {
  legacyFunctions: boolean
  /** Custom tools that went upstream as functions. */
  unwrapped: ReadonlySet<string>
}

export function createChoice(index: number, options: ChoiceOptions, emit: Emit): Choice {
  // made when they are needed: most answers are text alone
  let thoughts: Thoughts | undefined
  let calls: ToolCalls | undefined
  let isOpen = false
  let finish: FinishReason | undefined
  let pictures = 0
  let audioId: string | undefined
  const beside: Record<string, unknown> = {}

  function open(content: '' | null): void {
    if (isOpen) return
    isOpen = true
    emit(index, { role: 'assistant', content, refusal: null })
  }

  function emitCalls(list: WireToolCall[]): void {
    for (const call of list) {
      if (!options.legacyFunctions) emit(index, { tool_calls: [call] })
      // The deprecated form has room for one call.
      else if (call.index === 0 && call.function !== undefined) emit(index, { function_call: call.function })
    }
  }

  const choice: Choice = {
    index,
    isPlain: false,
    take(piece) {
      if (isBare(piece)) return
      let logprobs = piece.logprobs === undefined ? undefined : wireLogprobs(piece.logprobs)
      // OpenAI opens with null what has no text as yet
      open(piece.tool_call === undefined && piece.reasoning === undefined ? '' : null)
      const say = (delta: WireDelta): void => {
        emit(index, delta, logprobs)
        logprobs = undefined
      }
      if (piece.reasoning !== undefined && piece.reasoning !== '') {
        thoughts ??= createThoughts()
        thoughts.add(piece.reasoning)
        say({ reasoning_content: piece.reasoning })
      }
      if (piece.reasoning_state !== undefined) {
        thoughts ??= createThoughts()
        say({ reasoning_details: [thoughts.detail(piece.reasoning_state)] })
      }
      if (piece.text !== undefined && piece.text !== '') {
        if (calls) emitCalls(calls.flush())
        say({ content: piece.text })
      }
      if (piece.refusal !== undefined && piece.refusal !== '') say({ refusal: piece.refusal })
      if (piece.signature !== undefined) say({ extra_content: toExtraContent(piece.signature) })
      if (piece.annotations !== undefined) {
        const annotations = wireAnnotations(piece.annotations)
        if (annotations.length > 0) say({ annotations })
      }
      if (piece.images !== undefined) say({ images: piece.images.map((image) => numbered(image, pictures++)) })
      if (piece.audio !== undefined) {
        // clients join the texts of all pieces, where a type that is said again would be none
        const type = audioId === undefined ? piece.audio.mime_type : undefined
        const { mime_type: _, ...audio } = piece.audio
        audioId ??= audio.id ?? makeId('audio_')
        say({ audio: { ...audio, ...(type !== undefined && { mime_type: type }), id: audioId } })
      }
      if (piece.server_tools !== undefined) say({ server_tools: piece.server_tools })
      if (piece.beside !== undefined) Object.assign(beside, piece.beside)
      if (piece.carried !== undefined) say(piece.carried)
      if (piece.tool_call !== undefined) {
        calls ??= createToolCalls(options.unwrapped)
        emitCalls(calls.take(piece.tool_call))
      }
      if (logprobs !== undefined) say({})
      if (piece.finish_reason !== undefined) finish = laterFinish(finish, piece.finish_reason)
      if (piece.text || piece.tool_call) thoughts?.close()
      choice.isPlain = piece.text !== undefined && piece.text !== ''
    },
    end() {
      open('')
      if (calls) emitCalls(calls.end())
      const told = calls?.count() ?? 0
      return { index, finish_reason: finalFinish(finish ?? 'stop', told, options.legacyFunctions), beside }
    },
    hasFinish: () => finish !== undefined,
  }
  return choice
}

/** A role alone: the choice opens with what comes next, which says whether it has content. */
function isBare(piece: ChunkDelta): boolean {
  for (const key in piece) if (!SILENT.has(key) && piece[key as keyof ChunkDelta] !== undefined) return false
  return true
}

/** Fields that this wire does not emit. */
const SILENT = new Set(['choice', 'raw', 'other'])

function numbered(image: unknown, index: number): unknown {
  return isRecord(image) ? { ...image, index } : image
}
