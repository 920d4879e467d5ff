/** Where a continued answer meets its beginning: what the second upstream says again is not shown twice. */

export interface OverlapTrimmer {
  /** What of the continuation may be shown now. */
  push(text: string): string
  /** What was held back until the end. */
  end(): string
  /** The same when the continuation breaks as well: what may be a repetition is left out, for the next one to say. */
  broke(): string
}

/** A shorter overlap is chance: many words end as another begins. */
const LEAST_OVERLAP = 8
/** Characters of the continuation that are held back until the overlap is found. */
const LOOK = 64

/**
 * Recognises an upstream that repeats the last words of the beginning, or that starts the whole answer anew, and white
 * space at the beginning's end that the vendor did not take.
 * @param beginning what the client has seen
 */
export function createOverlapTrimmer(beginning: string): OverlapTrimmer {
  const space = beginning.slice(beginning.trimEnd().length)
  let held = ''
  let isDecided = beginning === ''

  /** Could this still become the whole beginning told again? */
  const isRestart = (): boolean => held.length < beginning.length && beginning.startsWith(held)

  function decide(): string {
    isDecided = true
    return held.slice(overlap(beginning, held, space))
  }

  return {
    push(text) {
      if (isDecided) return text
      held += text
      return held.length < LOOK || isRestart() ? '' : decide()
    },
    end: () => (isDecided ? '' : decide()),
    broke: () => (isDecided || beginning.includes(held) ? '' : decide()),
  }
}

/** Characters at the start of the continuation that the client has seen. */
function overlap(beginning: string, continuation: string, space: string): number {
  if (continuation.startsWith(beginning)) return beginning.length
  for (let size = Math.min(beginning.length, continuation.length); size >= LEAST_OVERLAP; size--) {
    if (beginning.endsWith(continuation.slice(0, size))) return size
  }
  return continuation.startsWith(space) ? space.length : 0
}
