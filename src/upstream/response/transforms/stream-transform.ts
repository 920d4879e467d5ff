import type { Delta } from '../../../chat/delta.ts'
import type { ChatRequest } from '../../../chat/request.ts'

/** A stream transform at work on one stream. */
export interface StreamTransform {
  /** Changes, holds back or adds deltas; gives the list to go on with. */
  push(deltas: Delta[]): Delta[]
  end(): Delta[]
  /**
   * Would `push` give a text of the first choice, that stands alone in its delta, on as it is? Absent: never. Changes nothing.
   */
  passes?(text: string): boolean
  /** Sees a text that passes, in place of `push`. */
  pass?(text: string): void
}

/** What of the request says whether there will be anything to do. */
export type Asked = Pick<ChatRequest, 'vendor_tools'>

/** Undefined for a request whose answer needs none: a stream without transforms is read faster. */
export type StreamTransformFactory = (
  options: Record<string, unknown>,
) => (request: Asked) => StreamTransform | undefined
