import { addAlarm, removeAlarm, sooner, type Alarm } from '../../runtime/alarms.ts'
import type { Timeouts } from '../types.ts'
import type { Phase } from './connection-errors.ts'

/** The times that one exchange may take, phase by phase and in all. */
export interface Deadlines {
  /** The phase's time begins, or begins anew. */
  enter(phase: Exclude<Phase, 'total'>): void
  /** No phase's time runs, only the whole's. */
  rest(): void
  clear(): void
}

export interface Watched {
  /** A time is over: called once. */
  late(phase: Phase, milliseconds: number): void
}

export function createDeadlines(timeouts: Partial<Timeouts>, watched: Watched): Deadlines {
  return new ExchangeDeadlines(timeouts, watched)
}

/** A class, as one is made for each exchange and moved with each chunk. */
class ExchangeDeadlines implements Deadlines, Alarm {
  due = Infinity
  before: Alarm | undefined = undefined
  after: Alarm | undefined = undefined
  private phase: Exclude<Phase, 'total'> = 'connect'
  private phaseEnd = Infinity
  private readonly end: number
  private readonly timeouts: Partial<Timeouts>
  private readonly watched: Watched

  constructor(timeouts: Partial<Timeouts>, watched: Watched) {
    this.timeouts = timeouts
    this.watched = watched
    this.end = timeouts.total ? performance.now() + timeouts.total : Infinity
    addAlarm(this)
  }

  enter(phase: Exclude<Phase, 'total'>): void {
    const limit = this.timeouts[phase]
    this.phase = phase
    this.phaseEnd = limit ? performance.now() + limit : Infinity
    this.move()
  }

  rest(): void {
    this.phaseEnd = Infinity
    this.due = this.end
  }

  clear(): void {
    removeAlarm(this)
  }

  ring(now: number): void {
    if (now >= this.phaseEnd) this.watched.late(this.phase, this.timeouts[this.phase] ?? 0)
    else this.watched.late('total', this.timeouts.total ?? 0)
  }

  private move(): void {
    this.due = Math.min(this.phaseEnd, this.end)
    sooner(this)
  }
}
