/** What the scheduler must reach on each scenario. Units are those of `Measures`. */
import type { Measures } from './measure.ts'

export interface Goal {
  measure: keyof Measures
  atLeast?: number
  atMost?: number
}

/** Limits are truly declared: no request is refused, give or take one in ten thousand. */
const NO_REFUSAL: Goal = { measure: 'refused', atMost: 0.1 }
const ALL_SERVED: Goal = { measure: 'goodput', atLeast: 99.95 }
/** Seconds. Below saturation nobody notices the scheduler. */
const NO_WAIT: Goal = { measure: 'waitP99', atMost: 0.005 }
/** Seconds that the median of the served waits under standing overload. */
const SHORT_QUEUE: Goal = { measure: 'waitMedian', atMost: 15 }

const goodput = (atLeast: number): Goal => ({ measure: 'goodput', atLeast })

export const GOALS: Record<string, Goal[]> = {
  a_under: [NO_REFUSAL, ALL_SERVED, NO_WAIT],
  a_at: [NO_REFUSAL, ALL_SERVED, NO_WAIT],
  a_over: [NO_REFUSAL, goodput(99.5), SHORT_QUEUE],
  a_over_mixed: [NO_REFUSAL, goodput(97), SHORT_QUEUE],
  b_free: [NO_REFUSAL, goodput(97.5)],
  c_burst: [NO_REFUSAL, goodput(97)],
  c_azure_code: [NO_REFUSAL, goodput(99.9)],
  c_azure_conv: [NO_REFUSAL, goodput(97)],
  // A limit that was cut is tried again within ten minutes, lest a wrong cut last: that costs a refusal each time.
  d_learn: [{ measure: 'refused', atMost: 1.8 }, goodput(99.9)],
  // ten would do for a belief that is never tried; one key at a time tries it, so that the end of an incident is found
  d_over: [{ measure: 'refused', atMost: 15 }, goodput(98)],
  e_tpm: [NO_REFUSAL, ALL_SERVED],
  e_tpm_over: [NO_REFUSAL, { measure: 'tokensServed', atLeast: 72.5 }, { measure: 'largestServed', atLeast: 64 }],
  f_faults: [NO_REFUSAL, { measure: 'failed', atMost: 1.5 }, { measure: 'unauthorized', atMost: 0.2 }],
  g_4rep: [NO_REFUSAL, ALL_SERVED, NO_WAIT],
  g_4rep_over: [NO_REFUSAL, goodput(99.5), SHORT_QUEUE],
  h_weights: [NO_REFUSAL, ALL_SERVED, { measure: 'weightDeviation', atMost: 0.2 }],
  i_fair: [NO_REFUSAL, goodput(99.5), SHORT_QUEUE, { measure: 'fairness', atLeast: 0.97 }],
}

/** The same goals with `slack` percentage points less served; what providers see is not negotiable. */
export function relaxed(goals: readonly Goal[], slack: number): Goal[] {
  return goals.map((goal) => {
    const share = goal.atLeast !== undefined && goal.atLeast > 1
    return share ? { ...goal, atLeast: (goal.atLeast ?? 0) - slack } : goal
  })
}

/** The goals that the measures miss, for people; empty when all are met. */
export function missed(goals: readonly Goal[], measures: Measures): string[] {
  return goals.flatMap(({ measure, atLeast, atMost }) => {
    const value = measures[measure]
    if (atLeast !== undefined && !(value >= atLeast))
      return [`${measure} is ${value.toFixed(3)}, the goal ${atLeast} or more`]
    if (atMost !== undefined && !(value <= atMost))
      return [`${measure} is ${value.toFixed(3)}, the goal ${atMost} or less`]
    return []
  })
}
