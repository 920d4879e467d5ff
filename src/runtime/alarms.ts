/**
 * Times that are nearly always moved or taken back before they come: limits on silence, signs of life. A timer of Node's
 * for each costs more than the work it watches over, at every move; here a move is one number, and one timer serves all.
 */

export interface Alarm {
  /** Milliseconds of `performance.now()`; Infinity: never. Moved later without further ado; sooner with `sooner()`. */
  due: number
  /** The time has come: `due` is Infinity again, until it is set anew. */
  ring(now: number): void
  /** Its neighbours in the ring of all that are watched over; set here alone, and absent in an alarm that is not. */
  before?: Alarm | undefined
  after?: Alarm | undefined
}

/** Where the ring begins and ends, so that every other alarm has two neighbours. */
const end: Alarm = { due: Infinity, ring() {} }
end.before = end
end.after = end

let timer: NodeJS.Timeout | undefined
/** When the timer rings; no alarm that is set is due before. */
let next = Infinity

/** The longest that Node's timers know, in milliseconds. */
const LONGEST = 2 ** 31 - 1
/** Node's clock for timers counts whole milliseconds: one may ring so much too early. */
const EARLY = 1

/** Watches over the alarm from now on, until it is removed. */
export function addAlarm(alarm: Alarm): void {
  if (!alarm.after) {
    const last = end.before ?? end
    alarm.before = last
    alarm.after = end
    last.after = alarm
    end.before = alarm
  }
  sooner(alarm)
}

export function removeAlarm(alarm: Alarm): void {
  const { before, after } = alarm
  if (!before || !after) return
  before.after = after
  after.before = before
  alarm.before = undefined
  alarm.after = undefined
}

/** To be told when an alarm's time may have moved forward. */
export function sooner({ due }: Alarm): void {
  if (due >= next) return
  next = due
  clearTimeout(timer)
  // whatever is watched has a socket, which keeps the process alive
  timer = setTimeout(ring, Math.min(LONGEST, Math.max(0, due - performance.now()))).unref()
}

function ring(): void {
  const now = performance.now() + EARLY
  next = Infinity
  timer = undefined
  const rung: Alarm[] = []
  let soonest: Alarm = end
  for (let alarm: Alarm | undefined = end.after; alarm && alarm !== end; alarm = alarm.after) {
    if (alarm.due <= now) rung.push(alarm)
    else if (alarm.due < soonest.due) soonest = alarm
  }
  sooner(soonest)
  for (const alarm of rung) {
    // what rang before may have removed it, or given it more time
    if (alarm.after && alarm.due <= now) {
      alarm.due = Infinity
      alarm.ring(now)
    }
    if (alarm.after) sooner(alarm)
  }
}
