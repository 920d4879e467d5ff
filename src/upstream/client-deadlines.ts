import type { Timeouts } from './contract.ts'
import type { Phase } from './client-faults.ts'

/** The times that one exchange may take, phase by phase and in all. */
export interface Deadlines {
  /** The phase's time begins, or begins anew. */
  enter(phase: Exclude<Phase, 'total'>): void
  /** No phase's time runs, only the whole's. */
  rest(): void
  clear(): void
}

/** The longest that Node's timers know, in milliseconds. */
const LONGEST = 2 ** 31 - 1
/** Node's clock for timers counts whole milliseconds: one may ring so much too early. */
const EARLY = 1

/** Keeps one timer for all, set anew only when it would ring too late: usually once an exchange. `late` is called once. */
export function createDeadlines(
  timeouts: Partial<Timeouts>,
  late: (phase: Phase, milliseconds: number) => void,
): Deadlines {
  const { total = 0 } = timeouts
  const end = total > 0 ? performance.now() + total : Infinity
  let phase: Exclude<Phase, 'total'> = 'connect'
  let due = Infinity
  let rings = Infinity
  let timer: NodeJS.Timeout | undefined

  function arm(now: number): void {
    const next = Math.min(due, end)
    if (next >= rings) return
    clearTimeout(timer)
    rings = next
    timer = setTimeout(ring, Math.min(LONGEST, next - now))
  }

  function ring(): void {
    rings = Infinity
    const now = performance.now() + EARLY
    if (now >= due) late(phase, timeouts[phase] ?? 0)
    else if (now >= end) late('total', total)
    else arm(now)
  }

  return {
    enter(entered) {
      phase = entered
      const limit = timeouts[entered] ?? 0
      const now = performance.now()
      due = limit > 0 ? now + limit : Infinity
      arm(now)
    },
    rest() {
      due = Infinity
    },
    clear() {
      due = Infinity
      rings = -Infinity
      clearTimeout(timer)
    },
  }
}
