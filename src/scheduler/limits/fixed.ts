import { EPSILON, jitterGuard } from './window.ts'
import type { ToWall, Window } from './window.ts'

/** Where a window that contains the given wall-clock instant begins and ends, in wall-clock milliseconds. */
export type Frame = (wall: number) => { start: number; end: number }

/**
 * A count that starts anew at each boundary. What leaves just before a boundary may arrive after it, so it counts on
 * both sides. Follows the wall clock: a step back over a boundary puts the later window's count into the earlier one,
 * where those requests truly were.
 */
export class Fixed implements Window {
  amount: number
  private readonly guard: number
  private readonly frame: Frame
  private readonly toWall: ToWall
  private start = -Infinity
  private end = -Infinity
  private used = 0
  /** Used before the last boundary, and where that window began. */
  private before = { start: -Infinity, used: 0 }
  /** Taken so close to the end that the next window may pay for it. */
  private late = 0
  /** Counted a second time because the clock stepped back over a boundary. */
  private again = 0

  constructor(amount: number, period: number, frame: Frame, toWall: ToWall) {
    this.amount = amount
    this.guard = jitterGuard(period)
    this.frame = frame
    this.toWall = toWall
  }

  private advance(now: number): number {
    const wall = this.toWall(now)
    if (wall >= this.start && wall < this.end) return wall
    const { start, end } = this.frame(wall)
    if (start > this.start) {
      const adjacent = start <= this.end
      this.before = { start: this.start, used: this.used }
      this.used = adjacent ? this.late : 0
      this.again = 0
    } else {
      if (start === this.before.start) this.again += this.before.used
      this.used = start === this.before.start ? this.before.used + this.used : this.used
      this.before = { start: -Infinity, used: 0 }
    }
    this.late = 0
    this.start = start
    this.end = end
    return wall
  }

  /** Start and end of the window that holds a wall-clock instant, and the end of the next one. */
  frames(wall: number): readonly [from: number, to: number, next: number] {
    const { start, end } = this.frame(wall)
    return [start, end, this.frame(end).end]
  }

  /** Start and end of the window of this moment. */
  span(now: number): readonly [start: number, end: number] {
    this.advance(now)
    return [this.start, this.end]
  }

  room(now: number): number {
    this.advance(now)
    return this.amount - this.used
  }

  wait(now: number, units: number): number {
    const wall = this.advance(now)
    if (this.used + units <= this.amount + EPSILON) return 0
    if (units > this.amount + EPSILON) return Infinity
    if (this.late + units <= this.amount + EPSILON) return this.end - wall
    return this.frame(this.end).end - wall
  }

  take(now: number, units: number): number {
    const wall = this.advance(now)
    this.used += units
    if (wall >= this.end - this.guard) this.late += units
    return this.start
  }

  give(now: number, units: number, mark: number): void {
    const wall = this.advance(now)
    if (mark !== this.start) return
    this.used = Math.max(0, this.used - units)
    if (wall >= this.end - this.guard && units < 0) this.late -= units
  }

  supply(now: number, horizon: number): number {
    const wall = this.advance(now)
    let free = Math.max(0, this.amount - this.used)
    let end = this.end
    while (end < wall + horizon) {
      free += this.amount
      end = this.frame(end).end
    }
    return free
  }

  expires(now: number): number {
    const wall = this.advance(now)
    return this.end - wall
  }

  resize(_now: number, amount: number): void {
    this.amount = amount
  }

  lower(now: number, room: number): void {
    this.advance(now)
    this.used = Math.max(this.used, this.amount - room)
  }

  recounted(now: number): number {
    this.advance(now)
    const { again } = this
    this.again = 0
    return again
  }

  save(now: number): number[] | null {
    this.advance(now)
    return this.used === 0 ? null : [this.start, this.used]
  }

  load(now: number, [start = 0, used = 0]: readonly number[]): void {
    this.advance(now)
    if (start === this.start) this.used = used
    // A restart just after a boundary: the old count is of no use but for a clock that steps back.
    else if (start < this.start) this.before = { start, used }
  }
}
