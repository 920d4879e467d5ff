/** Plugs that a stream's deltas go through, named from a format's `stream.through`; each remembers one stream. */
import type { Delta } from '../../chat/delta.ts'
import { partialArguments } from './partial-arguments.ts'
import { prefixDifference } from './prefix-difference.ts'
import { thinkTags } from './think-tags.ts'

export interface Through {
  /** Changes, holds back or adds deltas; gives the list to go on with. */
  push(deltas: Delta[]): Delta[]
  end(): Delta[]
}

export type ThroughFactory = (options: Record<string, unknown>) => () => Through

export const THROUGH: Record<string, ThroughFactory> = {
  'partial-arguments': partialArguments,
  'prefix-difference': prefixDifference,
  'think-tags': thinkTags,
}
