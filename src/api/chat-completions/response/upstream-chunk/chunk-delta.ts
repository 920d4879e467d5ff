import type { Delta, ToolCallDelta } from '../../../../chat/delta.ts'

/** A delta, and what only an OpenAI-like chunk can tell beside it: the one form that the fold takes. */
export interface ChunkDelta extends Omit<Delta, 'tool_call' | 'usage' | 'chunk' | 'other' | 'raw' | 'whole' | 'item'> {
  tool_call?: ToolCallChunk
  /** Fields of the wire delta that are carried as they are: audio, images, extra_content, reasoning_details. */
  carried?: Record<string, unknown>
}

export interface ToolCallChunk extends ToolCallDelta {
  /** The name may go on in the next piece: nothing but a part of it was sent. */
  unfinished?: boolean
  /** A piece of the same list has its id: some servers give one to all calls. */
  another?: boolean
  extra_content?: unknown
}
