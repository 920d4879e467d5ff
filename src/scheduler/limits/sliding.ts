import { EPSILON, jitterGuard } from './window.ts'
import type { ToWall, Window } from './window.ts'

/** Takings within this share of the period are kept as one entry, which ends with its youngest. */
const QUANTA = 600

/**
 * Never more than `amount` in any stretch of a period: safe where the provider keeps a bucket, a fixed or a sliding
 * window, and at the same steady rate. Entries live in a ring that grows to what is in use.
 */
export class Sliding implements Window {
  amount: number
  /** As declared, and for how long a place counts as taken. */
  private readonly length: number
  private period: number
  private readonly guard: number
  private readonly quantum: number
  private readonly toWall: ToWall
  private times = new Float64Array(0)
  private units = new Float64Array(0)
  private head = 0
  private count = 0
  private sum = 0
  /** Free by the provider's own word, though this window still counts it. */
  private credit = 0
  /** When the youngest entry was opened. */
  private opened = -Infinity

  constructor(amount: number, period: number, toWall: ToWall) {
    this.amount = amount
    this.guard = jitterGuard(period)
    this.length = period
    this.period = period + this.guard
    this.quantum = period / QUANTA
    this.toWall = toWall
  }

  private index(nth: number): number {
    return (this.head + nth) & (this.times.length - 1)
  }

  private advance(now: number): void {
    while (this.count > 0 && (this.times[this.head] ?? 0) <= now - this.period) {
      this.sum -= this.units[this.head] ?? 0
      this.head = this.index(1)
      this.count--
    }
    if (this.count === 0) this.sum = 0
  }

  room(now: number): number {
    this.advance(now)
    return Math.max(this.amount - this.sum, this.credit)
  }

  wait(now: number, units: number): number {
    this.advance(now)
    let missing = this.sum + units - this.amount
    if (missing <= EPSILON || this.credit >= units) return 0
    if (units > this.amount + EPSILON) return Infinity
    for (let nth = 0; nth < this.count; nth++) {
      const index = this.index(nth)
      missing -= this.units[index] ?? 0
      if (missing <= EPSILON || nth === this.count - 1) return (this.times[index] ?? 0) + this.period - now
    }
    return 0
  }

  take(now: number, units: number): number {
    this.advance(now)
    this.sum += units
    this.credit = Math.max(0, this.credit - units)
    if (this.count > 0 && now - this.opened < this.quantum) {
      const last = this.index(this.count - 1)
      this.times[last] = now
      this.units[last] = (this.units[last] ?? 0) + units
      return this.opened
    }
    this.append(now, units)
    this.opened = now
    return now
  }

  private append(time: number, units: number): void {
    if (this.count === this.times.length) this.grow()
    const index = this.index(this.count++)
    this.times[index] = time
    this.units[index] = units
  }

  private grow(): void {
    const size = Math.max(4, this.times.length * 2)
    const times = new Float64Array(size)
    const units = new Float64Array(size)
    for (let nth = 0; nth < this.count; nth++) {
      times[nth] = this.times[this.index(nth)] ?? 0
      units[nth] = this.units[this.index(nth)] ?? 0
    }
    this.times = times
    this.units = units
    this.head = 0
  }

  give(now: number, units: number, mark: number): void {
    this.advance(now)
    // The entry that was opened at `mark` is the first that ends at or after it.
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.times[this.index(middle)] ?? 0) < mark) low = middle + 1
      else high = middle
    }
    if (low === this.count || mark <= now - this.period) return
    const index = this.index(low)
    this.units[index] = (this.units[index] ?? 0) - units
    this.sum -= units
  }

  supply(now: number, horizon: number): number {
    let free = this.room(now)
    const whole = Math.floor(horizon / this.period)
    const end = now + horizon - whole * this.period - this.period
    for (let nth = 0; nth < this.count; nth++) {
      const index = this.index(nth)
      if ((this.times[index] ?? 0) > end) break
      free += this.units[index] ?? 0
    }
    return free + whole * this.amount
  }

  expires(): number {
    return Infinity
  }

  resize(_now: number, amount: number): void {
    this.amount = amount
  }

  hold(extra: number): void {
    this.period = this.length + this.guard + extra
  }

  lower(now: number, room: number): void {
    this.credit = Math.max(0, Math.min(this.credit, room))
    const excess = this.room(now) - room
    if (excess > 0) this.take(now, excess)
  }

  raise(now: number, room: number, mark: number, units: number): boolean {
    this.advance(now)
    let nth = this.count - 1
    let since = -units
    for (; nth >= 0 && (this.times[this.index(nth)] ?? 0) >= mark; nth--) since += this.units[this.index(nth)] ?? 0
    // What left only a little before it may have arrived after it, and then is not in the number.
    if (nth >= 0 && (this.times[this.index(nth)] ?? 0) > mark - this.guard) return false
    const free = Math.min(room - since, this.amount)
    if (free <= this.room(now)) return false
    this.credit = free
    return true
  }

  after(mark: number): number {
    let units = 0
    for (let nth = this.count - 1; nth >= 0; nth--) {
      const index = this.index(nth)
      if ((this.times[index] ?? 0) <= mark + this.guard) break
      units += this.units[index] ?? 0
    }
    return units
  }

  save(now: number): number[] | null {
    this.advance(now)
    if (this.count === 0) return null
    const state: number[] = []
    const offset = this.toWall(now) - now
    for (let nth = 0; nth < this.count; nth++) {
      const index = this.index(nth)
      state.push(Math.round((this.times[index] ?? 0) + offset), this.units[index] ?? 0)
    }
    return state
  }

  load(now: number, state: readonly number[]): void {
    this.count = 0
    this.head = 0
    this.sum = 0
    this.credit = 0
    const offset = this.toWall(now) - now
    for (let index = 0; index + 1 < state.length; index += 2) {
      const units = state[index + 1] ?? 0
      this.append(Math.min(now, (state[index] ?? 0) - offset), units)
      this.sum += units
    }
    this.opened = -Infinity
    this.advance(now)
  }
}
