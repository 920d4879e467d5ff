/** A clock that only moves when its owner runs it: hours of traffic in seconds, and the same result each time. */
import type { Clock } from '../clock.ts'

interface Event {
  at: number
  order: number
  fire: (() => void) | undefined
}

export interface VirtualClock extends Clock {
  /** Calls `fire` at `time` (milliseconds on this clock), or at once after what is already due. */
  at(time: number, fire: () => void): void
  /**
   * Says that promises may have been settled: everything that waits for them runs before time moves on. Events of the
   * provider's side settle none and save the turn of the loop.
   */
  touch(): void
  /** Fires all events up to `until`, in order of time, then of arrival. */
  run(until: number): Promise<void>
}

/**
 * `epoch` is the wall-clock time at 0, in milliseconds since 1970. Time stands still until `settled` resolves: for calls of what
 * is not on this clock.
 */
export function virtualClock(epoch = 0, settled: () => Promise<void> = microtasksDone): VirtualClock {
  const heap: Event[] = []
  let now = 0
  let order = 0
  let touched = false

  const push = (time: number, fire: () => void): Event => {
    const event: Event = { at: Math.max(time, now), order: order++, fire }
    siftUp(heap, event)
    return event
  }

  return {
    now: () => now,
    wall: () => epoch + now,
    setTimer(at, fire) {
      const event = push(at, () => {
        touched = true
        fire()
      })
      return () => {
        event.fire = undefined
      }
    },
    at(time, fire) {
      push(time, fire)
    },
    touch() {
      touched = true
    },
    async run(until) {
      for (let event = heap[0]; event !== undefined && event.at <= until; event = heap[0]) {
        pop(heap)
        if (event.fire === undefined) continue
        now = event.at
        event.fire()
        if (touched) {
          touched = false
          await settled()
        }
      }
      now = Math.max(now, until)
    },
  }
}

/** A macrotask: when it runs, no microtask is left, however deep the chain of promises was. 0.9 µs, measured. */
export function microtasksDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function siftUp(heap: Event[], event: Event): void {
  let index = heap.length
  while (index > 0) {
    const up = (index - 1) >> 1
    const parent = heap[up]
    if (parent === undefined || !before(event, parent)) break
    heap[index] = parent
    index = up
  }
  heap[index] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let index = 0
  for (;;) {
    let child = 2 * index + 1
    let least = heap[child]
    const right = heap[child + 1]
    if (least === undefined) break
    if (right !== undefined && before(right, least)) {
      child += 1
      least = right
    }
    if (!before(least, last)) break
    heap[index] = least
    index = child
  }
  heap[index] = last
}
