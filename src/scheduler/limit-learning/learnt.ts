/** The layer of learnt amounts over the declared ones. */
import { resize, type Limit, type Learnt } from '../limits/limit.ts'

/** A limit that was cut by inference holds this long before it grows again; doubled where it had grown and was cut again. */
const FIRST_HOLD = 90_000
export const LONGEST_HOLD = 360_000
/** Growth: 2 % of the declared amount, then twice as much each time that no refusal follows. */
const FIRST_STEP = 0.02
const GROW_EVERY = 20_000
const MINUTE = 60_000
/** Two limits are alike that differ by less than this share of what was declared. */
const ALIKE = 0.1

export function learntOf(limit: Limit, now: number): Learnt {
  return (limit.learnt ??= {
    reason: '',
    cutAt: -Infinity,
    hold: FIRST_HOLD / 2,
    grewAt: now,
    step: FIRST_STEP,
    share: 1,
    emptyAt: -Infinity,
    emptyTaken: 0,
    strikes: 0,
    struckAt: -Infinity,
  })
}

export function setAmount(limit: Limit, amount: number, now: number, reason: string): void {
  const least = limit.spec.metric === 'usd' ? 1e-6 : 1
  const next = Math.max(least, amount)
  const learnt = learntOf(limit, now)
  learnt.reason = reason
  if (Math.abs(next - (limit.whole ?? limit.window.amount)) > 1e-6 * next) resize(limit, next, now)
}

/** A cut by inference: it holds for a while, and longer where an earlier one had to be made again. */
export function noteCut(learnt: Learnt, now: number): void {
  const first = learnt.cutAt === -Infinity
  if (first || learnt.step > FIRST_STEP) learnt.hold = Math.min(learnt.hold * 2, LONGEST_HOLD)
  learnt.cutAt = now
  learnt.grewAt = now
  learnt.step = FIRST_STEP
  learnt.strikes = 0
}

/** What was cut by inference grows again within minutes, so that a limit that was raised, or misjudged, is found. */
export function grow(limit: Limit, now: number): void {
  const { learnt } = limit
  if (!learnt || limit.whole !== undefined || learnt.cutAt === -Infinity || now - learnt.grewAt < GROW_EVERY) return
  const times = Math.min(20, Math.floor((now - learnt.grewAt) / GROW_EVERY))
  if (learnt.share < 1 && now - learnt.cutAt > MINUTE) {
    learnt.grewAt = now
    for (let nth = 0; nth < times; nth++) learnt.share = Math.min(1, learnt.share * 1.015 + 0.003)
  }
  followPeers(limit, learnt)
  if (now - learnt.cutAt <= learnt.hold || limit.window.amount >= limit.spec.amount) return
  const due = Math.min(times, Math.ceil((now - learnt.cutAt - learnt.hold) / GROW_EVERY))
  let { amount } = limit.window
  for (let nth = 0; nth < due; nth++) {
    amount += learnt.step * limit.spec.amount
    learnt.step *= 2
  }
  learnt.grewAt = now
  amount = Math.min(limit.spec.amount, amount)
  if (amount === limit.spec.amount) learnt.hold = FIRST_HOLD / 2
  setAmount(limit, amount, now, amount === limit.spec.amount ? 'as declared' : 'growing again after a cut')
}

/** A key with the same limit, cut as low, tried to grow and was refused again: that is an answer for this one too. */
function followPeers({ belief, window, spec }: Limit, learnt: Learnt): void {
  if (!belief || belief.loweredAt <= learnt.cutAt || Math.abs(belief.lowered - window.amount) > ALIKE * spec.amount)
    return
  // What was refused at more than this one has says nothing against more for it.
  if (belief.lowered > window.amount + 1e-6 * spec.amount) return
  learnt.cutAt = belief.loweredAt
}
