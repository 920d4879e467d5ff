import type { Delta } from '../../../chat/delta.ts'
import type { ChatRequest } from '../../../chat/request.ts'

/** A stream transform at work on one stream. */
export interface StreamTransform {
  /** Changes, holds back or adds deltas; gives the list to go on with. */
  push(deltas: Delta[]): Delta[]
  end(): Delta[]
}

/** What of the request says whether there will be anything to do. */
export type Asked = Pick<ChatRequest, 'vendor_tools'>

/** Undefined for a request whose answer needs none: a stream without transforms is read faster. */
export type StreamTransformFactory = (
  options: Record<string, unknown>,
) => (request: Asked) => StreamTransform | undefined
