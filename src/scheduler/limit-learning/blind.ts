/**
 * What a refusal teaches when nothing came with it but the fact. It may mean that requests were crowded, that the limit
 * is lower, that others use it, or nothing that we do. One refusal proves nothing: each meaning is believed only where
 * what was accepted before and since speaks for it.
 */
import type { Hold } from '../lease/accounting.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Learnt, Limit } from '../limits/limit.ts'
import { LONGEST_PACED, press } from '../limits/limit.ts'
import type { Provider } from '../topology/provider.ts'
import type { EnforcementBelief } from './enforcement-belief.ts'
import {
  beliefName,
  createBelief,
  crowding,
  keeps,
  noteRefused,
  noteSent,
  noteUnanswered,
  relax,
} from './enforcement-belief.ts'
import { createLateness, noteLate, noteOnTime } from './lateness.ts'
import { ease, isTooFast, strain } from './strain.ts'
import { learntOf, noteCut, setAmount } from './learnt.ts'
import { noteCutForTrial, noteTrialAccepted, noteTrialRefused } from './trial.ts'
import { createTrials, type Trials } from './trials.ts'

/** One cut in this time: requests that were refused together teach once. */
const APART = 2000
/** A bucket's rate is measured over at least so many milliseconds, and between refusals at most so many periods apart. */
const SHORTEST = 5000
const PAUSE = 2
/** So many refusals in a row, each after a rest, are no chance, however full the window was. */
const CERTAIN = 4
/** So many, and it is no limit at all. */
const NOTHING_AT_ALL = 7
/** With the window at least this full, fewer are enough. */
const NEAR = 0.5
const IN_A_ROW = 3
/** So much of a limit that grows is used where its growth is tried. */
const NEARLY = 0.9
/** Refusals that told how long to wait are not asked again too soon; so many within some windows count instead. */
const STRIKES = 2
/** Of the time that a window takes, as much as this is still it: others count a little differently. */
const SOONER = 0.5
const STRIKE_WINDOWS = 3
/** Others that use a bucket may be sooner than we are in this part of all cases. */
const MOST_SOONER = 0.35

export interface Circumstances {
  /** Did the provider name this limit? */
  named: boolean
  /** Milliseconds to wait, as the provider said. */
  told: number | undefined
  /** So long that it cannot be about this window. */
  long: boolean
  /** Refusals in a row of this key and model. */
  row: number
  /** Milliseconds since the first of them. */
  lasted: number
  /** The amount that the provider itself names. */
  stated: number | undefined
}

/** The limit that a refusal was most likely about: the fullest of the short windows. */
export function fullest(lease: LeaseRecord): Hold | undefined {
  let found: Hold | undefined
  let fill = -1
  for (const hold of lease.holds) {
    const { spec, window } = hold.limit
    if (hold.scope.kind === 'client' || hold.scope.kind === 'model') continue
    if (spec.metric === 'concurrency' || spec.period > LONGEST_PACED) continue
    const here = hold.before / window.amount
    if (here > fill) {
      fill = here
      found = hold
    }
  }
  return found
}

/** The belief that all limits of one kind of a provider share; from now on they keep to it. */
export function beliefOf(provider: Provider, { spec }: Limit, now: number): EnforcementBelief {
  const name = beliefName(spec)
  let belief = provider.beliefs.get(name)
  if (!belief) provider.beliefs.set(name, (belief = createBelief(spec, now)))
  return belief
}

/** What the limits of one kind of a provider have to do with each other once they are cut. */
function trialsOf({ trials }: Provider, { spec }: Limit): Trials<Limit> {
  const name = beliefName(spec)
  let own = trials.get(name)
  if (!own) trials.set(name, (own = createTrials()))
  return own
}

/** A good answer came to a request that held this: what was free then is known to have been there. */
export function noteAcceptedHold(hold: Hold, now: number): void {
  const { limit, load, asked, mark, noted } = hold
  const { belief, lateness } = limit
  if (!belief) return
  const crowd = crowding(belief, load, asked)
  if (!noted) noteSent(belief, crowd, now)
  ease(limit)
  if (lateness && isLast(hold)) {
    noteOnTime(lateness, limit.spec.period)
    limit.window.hold?.(lateness.extra)
  }
  noteTrialAccepted(limit, mark, asked, now)
  relax(belief, now)
}

/** A request that held this was refused, ended without an answer, or never left. */
export function noteUnansweredHold({ limit, load, asked, noted }: Hold): void {
  if (noted && limit.belief) noteUnanswered(limit.belief, crowding(limit.belief, load, asked))
}

export function learnFromRefusal(lease: LeaseRecord, hold: Hold, seen: Circumstances, now: number): void {
  const { limit } = hold
  // Nobody can say what of a whole limit is used while its server is away.
  if (limit.whole !== undefined || noteTrialRefused(limit, hold.mark, now)) return
  if (limit.rate > 0) {
    limit.belief ??= beliefOf(lease.keyGroup.provider, limit, now)
    const { belief } = limit
    const crowd = crowding(belief, hold.load, hold.asked)
    if (keeps(belief, crowd)) strain(limit)
    const crowded = noteRefused(belief, crowd, now)
    if (belief.most < Infinity) {
      spread(lease, limit, belief)
      press(limit, (belief.most + 1) * belief.unit, now)
    }
    // First the burst, only then the rate.
    if (crowded !== false && seen.row < CERTAIN && !isTrying(hold) && !isTooFast(limit)) return
  }
  if (seen.long) return
  if (isLate(hold) || isOthers(hold, seen, now)) return
  const learnt = learntOf(limit, now)
  if (seen.row >= NOTHING_AT_ALL) return acquit(limit, learnt, now)
  if (!believable(hold, learnt, seen, now)) return
  lower(lease.keyGroup.provider, hold, learnt, seen.stated, now)
}

/** Has the limit grown since it was cut, and was it used to nearly all that it has grown to? Then that is what was refused. */
function isTrying({ limit: { window, learnt }, before, asked }: Hold): boolean {
  if (!learnt || learnt.cutAt === -Infinity || learnt.grewAt <= learnt.cutAt) return false
  return before + asked >= NEARLY * window.amount
}

/** Did it take the last of a limit that was never cut, or has grown to all of it again? */
function isLast({ limit: { spec, window }, before, asked }: Hold): boolean {
  return window.amount >= spec.amount && before + 2 * asked > window.amount
}

/** Was its place perhaps not free yet, since the one that had it before arrived late? */
function isLate(hold: Hold): boolean {
  const { limit } = hold
  if (!limit.window.hold || !isLast(hold)) return false
  limit.lateness ??= createLateness()
  const isExplained = noteLate(limit.lateness, limit.spec.period)
  limit.window.hold(limit.lateness.extra)
  return isExplained
}

/**
 * Others use a bucket that is empty though by our count it is not, where the provider itself says that it is no smaller.
 * It fills up for all, and whoever asks in time is let in: a smaller share would leave ours to them. Only where they are
 * sooner too often, we keep to one.
 */
function isOthers(hold: Hold, { told, stated }: Circumstances, now: number): boolean {
  const { limit, asked } = hold
  const { spec, window } = limit
  if (spec.shape !== 'bucket' || stated === undefined || stated < spec.amount || window.amount < spec.amount)
    return false
  limit.lateness ??= createLateness()
  if (isLast(hold) && !noteLate(limit.lateness, spec.period, MOST_SOONER)) return false
  window.lower(now, told === undefined ? 0 : asked - told * limit.rate)
  return true
}

/** Not one request was let in, though the key rested ever longer: a limit would have. What was inferred meanwhile is wrong. */
function acquit(limit: Limit, learnt: Learnt, now: number): void {
  if (learnt.cutAt === -Infinity || learnt.share < 1) return
  learnt.cutAt = -Infinity
  setAmount(limit, limit.spec.amount, now, 'as declared')
}

/** The same limit of the other keys is enforced in the same way. */
function spread(lease: LeaseRecord, { spec }: Limit, belief: EnforcementBelief): void {
  for (const limit of alike(lease, spec)) limit.belief ??= belief
}

function* alike({ keyGroup }: LeaseRecord, { metric, period, amount }: Limit['spec']): Generator<Limit> {
  const { keys } = keyGroup.provider
  const scopes = [...keyGroup.model.keyModels.values()].map(({ scope }) => scope)
  for (const { limits } of [...keys.map(({ scope }) => scope), ...scopes, ...keyGroup.model.accountScopes.values()]) {
    for (const limit of limits) {
      const { spec } = limit
      if (spec.metric === metric && spec.period === period && spec.amount === amount) yield limit
    }
  }
}

/** Does a lower limit explain the refusal better than chance, or than the provider's trouble? */
function believable(hold: Hold, learnt: Learnt, seen: Circumstances, now: number): boolean {
  const { named, told, row, lasted } = seen
  const { limit, before, asked } = hold
  const bucket = limit.spec.shape === 'bucket'
  const apart = now - learnt.struckAt >= APART
  if (now - learnt.struckAt > STRIKE_WINDOWS * limit.spec.period) learnt.strikes = 0
  if (apart) learnt.strikes++
  learnt.struckAt = now
  const odd = told !== undefined && !fits(hold, told, now)
  if (odd && lasted < APART) return false
  if (row >= CERTAIN) return row === CERTAIN
  const near = bucket || before + asked >= NEAR * limit.window.amount
  if (!near) return false
  if (named) return true
  if (bucket && isTooFast(limit)) return true
  return told === undefined || odd ? row >= IN_A_ROW : learnt.strikes >= STRIKES
}

/** A full window has room again when its oldest requests have left it; who is told to come much sooner met something else. */
function fits({ limit, asked }: Hold, told: number, now: number): boolean {
  const { window } = limit
  if (limit.spec.shape === 'bucket') return true
  const wait = window.wait(now, window.room(now) + asked)
  return told >= SOONER * wait
}

/**
 * Lowers a limit after a refusal. Windows: what ours held when the request left, and the request, were too much. Buckets:
 * between two refusals the provider's went from empty to empty, so what it accepted in between is its rate; the longer
 * ago the first one, the better that is known. `stated` is the amount that the provider itself names; if it is met,
 * somebody else uses the scope, and our share is learnt.
 */
function lower(provider: Provider, hold: Hold, learnt: Learnt, stated: number | undefined, now: number): void {
  const { limit } = hold
  const since = now - learnt.cutAt
  const { spec, window } = limit
  const bucket = spec.shape === 'bucket'
  const first = since >= APART
  // Of those that were refused together, each one leaves a window's true count a little clearer.
  if (!first && (bucket || stated !== undefined)) return
  limit.strain = 0
  const rate = bucket ? bucketRate(hold, learnt, since) : undefined
  if (stated !== undefined) {
    const guess = rate === undefined ? learnt.share * 0.9 : rate / stated
    learnt.share = Math.max(0.05, learnt.share * 0.6, Math.min(learnt.share * 0.95, guess))
    noteCut(learnt, now)
    const amount = Math.min(stated, spec.amount) * learnt.share
    setAmount(limit, amount, now, `others use the ${stated} that the provider states`)
  } else {
    const seen = bucket ? (rate ?? window.amount) : tooMuch(hold)
    const amount = Math.max(Math.min(window.amount, seen), window.amount * 0.6, 0.02 * spec.amount)
    if (first) noteCut(learnt, now)
    if (limit.belief) Object.assign(limit.belief, { loweredAt: now, lowered: amount })
    setAmount(limit, amount, now, 'refused below the declared limit')
    if (limit.rate > 0) noteCutForTrial(limit, trialsOf(provider, limit), now)
  }
  if (bucket) limit.window.lower(now, 0)
}

/**
 * A window admitted what it held, but not one request more; of tokens, nobody knows how many were missing. It held what
 * ours did, less what has turned out to be refused, and perhaps what left a little later and overtook.
 */
function tooMuch({ before, asked, mark, taken, limit }: Hold): number {
  // The request itself has been given back.
  const changed = limit.taken - (taken - asked) - (limit.window.after?.(mark) ?? 0)
  const held = before + changed
  if (limit.spec.metric !== 'requests') return (held + asked) * 0.99
  return Math.min(held + asked, Math.ceil(limit.window.amount)) - 1
}

/**
 * The units that a provider's bucket gets in a period, from above: one request more than it accepted since it was first
 * seen empty. Undefined while it is not known. `since` is the time since the last cut, in milliseconds.
 */
function bucketRate(hold: Hold, learnt: Learnt, since: number): number | undefined {
  const { limit, asked } = hold
  const { period } = limit.spec
  const taken = hold.taken - asked
  const accepted = taken - learnt.emptyTaken
  const elapsed = hold.mark - learnt.emptyAt
  // In a longer pause the bucket may have been full, and what it did not take in then is not in the count.
  if (since > PAUSE * period) {
    const first = learnt.emptyAt === -Infinity
    learnt.emptyAt = hold.mark
    learnt.emptyTaken = taken
    return first ? undefined : limit.window.amount * 0.99
  }
  return elapsed < SHORTEST ? undefined : ((accepted + asked) / elapsed) * period
}
