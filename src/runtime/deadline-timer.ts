/**
 * Times that are nearly always moved or taken back before they come: limits on silence, signs of life. A timer of Node's
 * for each costs more than the work it watches over, at every move; here a move is one number, and one timer serves all.
 */

export interface Deadline {
  /** Milliseconds of `performance.now()`; Infinity: never. Moved later without further ado; earlier with `bringForward()`. */
  due: number
  /** The time has come: `due` is Infinity again, until it is set anew. */
  expire(now: number): void
  /** Its neighbours in the ring of all that are watched over; set here alone, and absent in a deadline that is not. */
  before?: Deadline | undefined
  after?: Deadline | undefined
}

/** Where the ring begins and ends, so that every other deadline has two neighbours. */
const end: Deadline = { due: Infinity, expire() {} }
end.before = end
end.after = end

let timer: NodeJS.Timeout | undefined
/** When the timer fires; no deadline that is set is due before. */
let next = Infinity

/** The longest that Node's timers know, in milliseconds. */
const LONGEST = 2 ** 31 - 1
/** Node's clock for timers counts whole milliseconds: one may fire so much too early. */
const EARLY = 1

/** Watches over the deadline from now on, until it is removed. */
export function addDeadline(deadline: Deadline): void {
  if (!deadline.after) {
    const last = end.before ?? end
    deadline.before = last
    deadline.after = end
    last.after = deadline
    end.before = deadline
  }
  bringForward(deadline)
}

export function removeDeadline(deadline: Deadline): void {
  const { before, after } = deadline
  if (!before || !after) return
  before.after = after
  after.before = before
  deadline.before = undefined
  deadline.after = undefined
}

/** To be told when a deadline may have moved forward. */
export function bringForward({ due }: Deadline): void {
  if (due >= next) return
  next = due
  clearTimeout(timer)
  // whatever is watched has a socket, which keeps the process alive
  timer = setTimeout(fire, Math.min(LONGEST, Math.max(0, due - performance.now()))).unref()
}

function fire(): void {
  const now = performance.now() + EARLY
  next = Infinity
  timer = undefined
  const expired: Deadline[] = []
  let soonest: Deadline = end
  for (let deadline: Deadline | undefined = end.after; deadline && deadline !== end; deadline = deadline.after) {
    if (deadline.due <= now) expired.push(deadline)
    else if (deadline.due < soonest.due) soonest = deadline
  }
  bringForward(soonest)
  for (const deadline of expired) {
    // what expired before may have removed it, or given it more time
    if (deadline.after && deadline.due <= now) {
      deadline.due = Infinity
      deadline.expire(now)
    }
    if (deadline.after) bringForward(deadline)
  }
}
