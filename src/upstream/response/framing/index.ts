/** The framings: how the bytes of an answer are cut into events, by the name that a definition writes. */
import type { Framing } from '../../types.ts'
import { awsEventStream } from './aws-event-stream.ts'
import { json } from './json.ts'
import { jsonArray } from './json-array.ts'
import { ndjson } from './ndjson.ts'
import { sse } from './sse.ts'

export const FRAMINGS = {
  sse,
  ndjson,
  'json-array': jsonArray,
  'aws-event-stream': awsEventStream,
  json,
} as const satisfies Record<string, Framing>
