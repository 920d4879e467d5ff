import { UNTIL_EVENT } from './window.ts'
import type { Window } from './window.ts'

/** How many may be under way at once. Only an end frees one, so there is no time to wait for. */
export class Concurrency implements Window {
  amount: number
  /** Under way from other replicas. */
  others = 0
  private used = 0

  constructor(amount: number) {
    this.amount = amount
  }

  room(): number {
    return this.amount - this.used - this.others
  }

  wait(_now: number, units: number): number {
    return this.used + this.others + units <= this.amount ? 0 : UNTIL_EVENT
  }

  take(_now: number, units: number): number {
    this.used += units
    return 0
  }

  give(_now: number, units: number): void {
    this.used -= units
  }

  supply(): number {
    return Infinity
  }

  expires(): number {
    return Infinity
  }

  resize(_now: number, amount: number): void {
    this.amount = amount
  }

  lower(): void {}

  /** So many are under way elsewhere. */
  elsewhere(count: number): void {
    this.others = count
  }

  save(): null {
    return null
  }

  load(): void {}
}
