/** Writes behind: once a second what the scheduler has changed goes to the store, and all of it at the end. */
import type { Clock } from '../scheduler/clock.ts'
import type { Snapshot } from '../scheduler/persistence/snapshot.ts'
import type { Store } from './store.ts'

/** The part of the scheduler that can be kept. */
export interface Memory {
  restore(snapshot: Snapshot): void
  /** Everything. */
  snapshot(): Snapshot
  /** What has changed since the last call. */
  changes(): Snapshot
}

/** Milliseconds: what a killed process loses at most. */
const INTERVAL = 1000

/**
 * Restores the memory and keeps it. `failed` hears of the first write in a row that did not succeed; what it held is
 * written with the next, of which `again` hears. The function that comes back writes everything a last time and closes the store.
 */
export function keepJournal(
  memory: Memory,
  store: Store,
  clock: Clock,
  failed: (error: unknown) => void,
  again: () => void = () => {},
): () => void {
  const saved = store.load()
  if (saved) memory.restore(saved)
  let stop: () => void
  let whole = true
  let isIll = false

  function turn(): void {
    const snapshot = whole ? memory.snapshot() : memory.changes()
    try {
      if (whole || Object.keys(snapshot.entries).length > 0) store.write({ ...snapshot, clean: false })
      whole = false
      if (isIll) again()
      isIll = false
    } catch (error) {
      whole = true
      if (!isIll) failed(error)
      isIll = true
    }
    stop = clock.setTimer(clock.now() + INTERVAL, turn)
  }

  memory.changes()
  turn()
  return () => {
    stop()
    try {
      store.write({ ...memory.snapshot(), clean: true })
    } catch (error) {
      failed(error)
    } finally {
      store.close()
    }
  }
}
