import type { Delta } from '../../../chat/delta.ts'

/** A stream transform at work on one stream. */
export interface StreamTransform {
  /** Changes, holds back or adds deltas; gives the list to go on with. */
  push(deltas: Delta[]): Delta[]
  end(): Delta[]
}

export type StreamTransformFactory = (options: Record<string, unknown>) => () => StreamTransform
