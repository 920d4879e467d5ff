/** How fast a queue empties, by what was served of late, and whether it has been long for long. */

/** Served requests of so many milliseconds make the rate. */
const SPAN = 30_000
const SLOTS = 30
/** Of these, the whole ones that tell what comes just now. */
const RECENT = 10
/** Without a calm moment for this long the overload is standing; then waiting longer helps nobody. */
const STANDING = 150_000
/** A queue whose head is younger than this is calm. */
const CALM = 1000
/** For so long, that is: a window that begins empties the queue for a moment, also in standing overload. */
const SUSTAINED = 10_000

export interface DrainRate {
  served(now: number): void
  /** Requests a millisecond, measured. */
  rate(now: number): number
  /** The same, of the last ten seconds alone. */
  recent(now: number): number
  /** Milliseconds that serving so many takes, as things go: none takes no time, also where nobody is served. */
  lasts(requests: number, now: number): number
  /** Milliseconds since the last one was. */
  idle(now: number): number
  /** Notes how old the head of the queue is; 0 for none. */
  note(age: number, now: number): void
  standing(now: number): boolean
}

export function createDrainRate(start: number): DrainRate {
  const counts = new Float64Array(SLOTS)
  let slot = Math.floor((start / SPAN) * SLOTS)
  let calm = start
  let calmSince = start
  let noted = start
  let last = start

  function advance(now: number): void {
    const current = Math.floor((now / SPAN) * SLOTS)
    for (let steps = Math.min(current - slot, SLOTS); steps > 0; steps--) counts[(current - steps + 1) % SLOTS] = 0
    slot = Math.max(slot, current)
  }

  function rate(now: number): number {
    advance(now)
    let sum = 0
    for (const count of counts) sum += count
    return sum / SPAN
  }

  function recent(now: number): number {
    advance(now)
    let sum = 0
    for (let back = 1; back <= RECENT; back++) sum += counts[(slot - back + SLOTS) % SLOTS] ?? 0
    return sum / ((RECENT * SPAN) / SLOTS)
  }

  return {
    served(now) {
      advance(now)
      counts[slot % SLOTS] = (counts[slot % SLOTS] ?? 0) + 1
      last = now
    },
    idle: (now) => now - last,
    rate,
    recent,
    lasts: (requests, now) => (requests === 0 ? 0 : requests / rate(now)),
    note(age, now) {
      // While nobody came there was nothing to note.
      if (age >= CALM) calmSince = Infinity
      else if (calmSince === Infinity && now - noted < SUSTAINED) calmSince = now
      if (now - calmSince >= SUSTAINED || now - noted >= SUSTAINED) calm = now
      noted = now
    },
    standing: (now) => now - calm > STANDING,
  }
}
