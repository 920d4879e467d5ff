import { addDeadline, removeDeadline, bringForward, type Deadline } from '../../runtime/deadline-timer.ts'
import type { Timeouts } from '../types.ts'
import type { Phase } from './connection-errors.ts'

/** The times that one exchange may take, phase by phase and in all. */
export interface Deadlines {
  /** The phase's time begins, or begins anew. */
  enter(phase: Limited): void
  /** No phase's time runs, only the whole's. */
  rest(): void
  /** What is left of the phase's time runs on. */
  goOn(): void
  /** The phase has all its time again, and goes on later. */
  renew(phase: Limited): void
  /** The phase goes on later with what was left of its time when it last rested. */
  takeUp(phase: Limited, left: number): void
  /** Milliseconds that the phase had left when it last rested. */
  left(): number
  clear(): void
}

type Limited = Exclude<Phase, 'total' | 'answer'>

export interface Watched {
  /** A time is over: called once. */
  late(phase: Phase, milliseconds: number): void
}

export function createDeadlines(timeouts: Partial<Timeouts>, watched: Watched): Deadlines {
  return new ExchangeDeadlines(timeouts, watched)
}

/** A class, as one is made for each exchange and moved with each chunk. */
class ExchangeDeadlines implements Deadlines, Deadline {
  due = Infinity
  before: Deadline | undefined = undefined
  after: Deadline | undefined = undefined
  private phase: Limited = 'connect'
  private phaseEnd = Infinity
  private remains = Infinity
  private readonly end: number
  private readonly whole: 'total' | 'answer'
  private readonly timeouts: Partial<Timeouts>
  private readonly watched: Watched

  constructor(timeouts: Partial<Timeouts>, watched: Watched) {
    this.timeouts = timeouts
    this.watched = watched
    const { total = 0, answer = 0 } = timeouts
    this.whole = answer > 0 && (total === 0 || answer <= total) ? 'answer' : 'total'
    this.end = timeouts[this.whole] ? performance.now() + (timeouts[this.whole] ?? 0) : Infinity
    addDeadline(this)
  }

  enter(phase: Limited): void {
    this.renew(phase)
    this.goOn()
  }

  goOn(): void {
    this.phaseEnd = this.remains === Infinity ? Infinity : performance.now() + this.remains
    this.move()
  }

  renew(phase: Limited): void {
    this.takeUp(phase, this.timeouts[phase] || Infinity)
  }

  takeUp(phase: Limited, left: number): void {
    this.phase = phase
    this.remains = left
  }

  left(): number {
    return this.remains
  }

  rest(): void {
    if (this.phaseEnd !== Infinity) this.remains = Math.max(0, this.phaseEnd - performance.now())
    this.phaseEnd = Infinity
    this.due = this.end
  }

  clear(): void {
    removeDeadline(this)
  }

  expire(now: number): void {
    if (now >= this.phaseEnd) this.watched.late(this.phase, this.timeouts[this.phase] ?? 0)
    else this.watched.late(this.whole, this.timeouts[this.whole] ?? 0)
  }

  private move(): void {
    this.due = Math.min(this.phaseEnd, this.end)
    bringForward(this)
  }
}
