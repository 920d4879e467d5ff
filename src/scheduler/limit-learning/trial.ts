/**
 * Keys whose limits were cut by inference, and alike, may have met an incident that is over. One of them, in turn, tries
 * what was declared: where it is let do more than its cut would let it, the cut is refuted for all; where it is refused,
 * it goes back, and the next one tries the later the longer the cut has lasted.
 */
import type { Limit } from '../limits/limit.ts'
import { learntOf, setAmount } from './learnt.ts'
import type { Trial, Trials } from './trials.ts'

/** Fewer that were cut are judged each by themselves: their growth finds out. */
const LEAST_CUT = 3
/** The pause between two trials, in milliseconds, and as a part of the time that the cut has lasted. */
const SHORTEST_PAUSE = 15_000
const LONGEST_PAUSE = 300_000
const PAUSE = 0.25
/** Where requests wait, more is needed than the cuts leave: the pause is no longer than that. */
const LONGEST_WANTED = 60_000
/** What was found holds if nothing is cut for so long; else the next trials come so many times later. */
const HELD = 300_000
const VAIN = 4
const MOST_VAIN = 4
/** One such time is forgotten after so long. */
const FORGOTTEN = 600_000
/** A trial that has found nothing ends. */
const LONGEST_TRIAL = 120_000
/** What is cut to this part of the declared amount or more has little to gain, and grows back soon. */
const NEARLY_WHOLE = 0.65
/** What a cut limit lets through besides its rate: units of its kind, and a part of the declared amount. */
const CHANCE = 3
const CHANCE_PART = 0.05
/** A window's trial begins with so many units of its kind, and goes on by as much as is let in. */
const AT_ONCE = 2
/** A key is busy that has less than this part of its cut amount free. */
const BUSY = 0.2

/** A limit was cut by inference. */
export function noteCutForTrial(limit: Limit, trials: Trials<Limit>, now: number): void {
  limit.trials = trials
  if (trials.cut.size === 0) {
    trials.since = now
    trials.vain = now - trials.wonAt < HELD ? Math.min(MOST_VAIN, trials.vain + 1) : 0
  }
  trials.cut.add(limit)
  trials.nextAt = Math.max(trials.nextAt, now + pauseOf(trials, now))
  trials.pausedAt = now
}

/** A request is about to take from a limit: is it this one's turn? `isWanted` where it had to wait for that. */
export function takeTurn(limit: Limit, isWanted: boolean, now: number): void {
  const trials = limit.trials
  if (!trials?.cut.has(limit) || limit.whole !== undefined) return
  if (trials.running) {
    if (now - trials.running.startedAt > LONGEST_TRIAL) goBack(trials, trials.running, now)
    return
  }
  const { window, spec } = limit
  // it has grown to all of it
  if (window.amount >= spec.amount) trials.cut.delete(limit)
  const next = isWanted
    ? Math.min(trials.nextAt, trials.pausedAt + LONGEST_WANTED * VAIN ** vainOf(trials, now))
    : trials.nextAt
  if (now < next || trials.cut.size < LEAST_CUT || window.amount > NEARLY_WHOLE * spec.amount) return
  const room = window.room(now)
  if (room > Math.max(1, BUSY * window.amount)) return
  trials.running = { limit, amount: window.amount, room: Math.max(0, room), startedAt: now, accepted: 0 }
  // a bucket that was empty fills up at its rate, while a window would let all at once who wait
  const amount = spec.shape === 'bucket' ? spec.amount : Math.min(spec.amount, window.amount + AT_ONCE * unitOf(limit))
  setAmount(limit, amount, now, 'tries what is declared, for all that were cut like it')
}

function unitOf({ belief }: Limit): number {
  return belief?.unit ?? 1
}

/** A request was answered that left at `mark` and was charged `asked` units. */
export function noteTrialAccepted(limit: Limit, mark: number, asked: number, now: number): void {
  const trials = limit.trials
  const trial = trials?.running
  if (!trials || trial?.limit !== limit || mark < trial.startedAt) return
  trial.accepted += asked
  const { spec, window } = limit
  const periods = (mark - trial.startedAt) / spec.period
  // a window may have ended in between, and a new one have begun
  const most = trial.room + trial.amount * (spec.shape === 'bucket' ? periods : 1 + periods)
  if (trial.accepted <= most + Math.max(CHANCE * unitOf(limit), CHANCE_PART * spec.amount)) {
    if (window.amount < spec.amount)
      setAmount(limit, Math.min(spec.amount, window.amount + asked), now, learntOf(limit, now).reason)
    return
  }
  trials.running = undefined
  trials.wonAt = now
  for (const each of trials.cut) {
    if (each.learnt) each.learnt.cutAt = -Infinity
    setAmount(each, each.spec.amount, now, 'as declared')
  }
  trials.cut.clear()
}

/** A request was refused that left at `mark`. Was that the trial's? Then it says nothing else. */
export function noteTrialRefused(limit: Limit, mark: number, now: number): boolean {
  const trials = limit.trials
  const trial = trials?.running
  if (!trials) return false
  const { failed } = trials
  if (failed?.limit === limit && mark >= failed.startedAt && mark <= failed.endedAt) return true
  if (trial?.limit !== limit || mark < trial.startedAt) return false
  goBack(trials, trial, now)
  return true
}

function goBack(trials: Trials<Limit>, { limit, amount, startedAt }: Trial<Limit>, now: number): void {
  trials.running = undefined
  trials.failed = { limit, startedAt, endedAt: now }
  trials.nextAt = now + pauseOf(trials, now)
  trials.pausedAt = now
  setAmount(limit, amount, now, 'refused below the declared limit')
  if (limit.spec.shape === 'bucket') limit.window.lower(now, 0)
}

function pauseOf(trials: Trials<Limit>, now: number): number {
  const shortest = SHORTEST_PAUSE * VAIN ** vainOf(trials, now)
  return Math.min(LONGEST_PAUSE, Math.max(shortest, PAUSE * (now - trials.since)))
}

function vainOf({ since, vain }: Trials<Limit>, now: number): number {
  return Math.max(0, vain - Math.floor((now - since) / FORGOTTEN))
}
