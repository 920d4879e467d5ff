/** The layer of learnt amounts over the declared ones. */
import type { Limit, Learnt } from '../limits/limit.ts'

/** A limit that was cut by inference holds this long before it creeps up; doubled by each further cut. */
const FIRST_HOLD = 300_000
export const LONGEST_HOLD = 3_600_000
/** Additive increase: 1 % of the declared amount each minute. */
const CREEP = 0.01
const MINUTE = 60_000

export function learntOf(limit: Limit, now: number): Learnt {
  return (limit.learnt ??= {
    reason: '',
    cutAt: -Infinity,
    hold: FIRST_HOLD,
    creptAt: now,
    share: 1,
    emptyAt: -Infinity,
    emptyTaken: 0,
  })
}

export function setAmount(limit: Limit, amount: number, now: number, reason: string): void {
  const least = limit.spec.metric === 'usd' ? 1e-6 : 1
  const next = Math.max(least, amount)
  const learnt = learntOf(limit, now)
  learnt.reason = reason
  if (Math.abs(next - limit.window.amount) > 1e-6 * next) limit.window.resize(now, next)
}

/** What was cut by inference creeps up again, so that a limit that was raised, or misjudged, is found. */
export function creep(limit: Limit, now: number): void {
  const { learnt } = limit
  if (!learnt || learnt.cutAt === -Infinity || now - learnt.creptAt < MINUTE) return
  const minutes = Math.floor((now - learnt.creptAt) / MINUTE)
  learnt.creptAt += minutes * MINUTE
  if (learnt.share < 1 && now - learnt.cutAt > MINUTE) {
    for (let minute = 0; minute < Math.min(minutes, 100); minute++)
      learnt.share = Math.min(1, learnt.share * 1.03 + 0.005)
  }
  if (now - learnt.cutAt <= learnt.hold || limit.window.amount >= limit.spec.amount) return
  const amount = Math.min(limit.spec.amount, limit.window.amount + minutes * CREEP * limit.spec.amount)
  const reason = amount === limit.spec.amount ? 'as declared' : 'creeping up again after a cut'
  setAmount(limit, amount, now, reason)
}
