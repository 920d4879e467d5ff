import type { ChunkDelta } from './upstream-chunk/chunk-delta.ts'

/** The thoughts of one choice: their text goes out as it comes, their opaque state as one detail each. */
export interface Thoughts {
  add(text: string): void
  /** Something else was said: the thought is over. */
  close(): void
  /** The detail for a state: with the whole thought that it signs, so that a client can send it back as it is. */
  detail(state: NonNullable<ChunkDelta['reasoning_state']>): Record<string, unknown>
}

export function createThoughts(): Thoughts {
  let text = ''
  let index = 0
  return {
    add(more) {
      text += more
    },
    close() {
      text = ''
    },
    detail(state) {
      if (state.data !== undefined) return { type: 'reasoning.encrypted', data: state.data, index: index++ }
      const thought = text === '' ? {} : { text }
      text = ''
      return { type: 'reasoning.text', ...thought, signature: state.signature, index: index++ }
    },
  }
}
