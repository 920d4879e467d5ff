import { EPSILON, jitterGuard } from './window.ts'
import type { ToWall, Window } from './window.ts'

/**
 * A token bucket that refills continuously. Two requests may arrive closer together than they left by the jitter, so a
 * burst is paid from `capacity − rate × jitter`; the rate itself is not touched, and a single request may use all.
 */
export class Bucket implements Window {
  amount: number
  private readonly period: number
  private burst: number
  private readonly toWall: ToWall
  private level: number
  private at: number

  /** `burst` is the capacity where it differs from `amount`, the units that a period adds. */
  constructor(amount: number, period: number, toWall: ToWall, now: number, burst = amount) {
    this.amount = amount
    this.period = period
    this.burst = burst / amount
    this.toWall = toWall
    this.level = burst
    this.at = now
  }

  /** Units that it holds when it is full. */
  get capacity(): number {
    return this.amount * this.burst
  }

  private advance(now: number): void {
    if (now <= this.at) return
    this.level = Math.min(this.capacity, this.level + ((now - this.at) * this.amount) / this.period)
    this.at = now
  }

  room(now: number): number {
    this.advance(now)
    return this.level
  }

  wait(now: number, units: number): number {
    this.advance(now)
    if (this.level >= units - EPSILON) return 0
    return units > this.capacity + EPSILON ? Infinity : ((units - this.level) * this.period) / this.amount
  }

  take(now: number, units: number): number {
    this.advance(now)
    const guarded = this.capacity - (this.amount * jitterGuard(this.period)) / this.period
    this.level = Math.min(this.level, Math.max(guarded, 0)) - units
    return now
  }

  give(now: number, units: number): void {
    this.advance(now)
    this.level = Math.min(this.capacity, this.level + units)
  }

  supply(now: number, horizon: number): number {
    return this.room(now) + (horizon * this.amount) / this.period
  }

  expires(): number {
    return Infinity
  }

  resize(now: number, amount: number): void {
    this.advance(now)
    this.amount = amount
    this.level = Math.min(this.level, this.capacity)
  }

  /** It holds so many units more than was known. */
  fill(now: number, units: number): void {
    this.advance(now)
    this.level = Math.min(this.capacity, this.level + units)
  }

  /** It has been seen to hold so many units at once. */
  widen(units: number): void {
    this.burst = Math.max(this.burst, Math.min(1, units / this.amount))
  }

  lower(now: number, room: number): void {
    this.advance(now)
    this.level = Math.min(this.level, room)
  }

  save(now: number): number[] | null {
    return this.room(now) >= this.capacity - EPSILON ? null : [this.toWall(now), this.level]
  }

  load(now: number, [wall = 0, level = 0]: readonly number[]): void {
    this.at = now
    const elapsed = Math.max(0, this.toWall(now) - wall)
    this.level = Math.min(this.capacity, level + (elapsed * this.amount) / this.period)
  }
}
