/** Stream transforms: what a stream's deltas go through, named from a format's `stream.transforms`; each remembers one stream. */
import { partialArguments } from './partial-arguments.ts'
import { placedCitations } from './placed-citations.ts'
import { prefixDifference } from './prefix-difference.ts'
import { repeatedWhole } from './repeated-whole.ts'
import { thinkTags } from './think-tags.ts'
import type { StreamTransformFactory } from './stream-transform.ts'

export const STREAM_TRANSFORMS: Record<string, StreamTransformFactory> = {
  'partial-arguments': partialArguments,
  'placed-citations': placedCitations,
  'prefix-difference': prefixDifference,
  'repeated-whole': repeatedWhole,
  'think-tags': thinkTags,
}
