/**
 * How long a refused key rests, where its provider said so. That may be far more than its limit needs: then one request
 * asks sooner, and if it is let in, the provider exaggerates. What it says is believed again when asking sooner fails.
 */

/** Said is so many times what our own count explains, and more by so much (milliseconds): doubtful. */
const DOUBTFUL = 3
const WORTH_IT = 2000
/** So many are kept to, whatever they say. */
const ONCE_KEPT = 2
/** Asked sooner at most so often, twice as rarely each time that it was refused. */
const FIRST_PAUSE = 60_000
const LONGEST_PAUSE = 16 * 60_000
/** What was shown to be exaggerated is taken to be so for so long after the last time. */
const HOLDS = 15 * 60_000
/** So many refusals of a key in a row, or of those who asked sooner, and what was said was true. */
const IN_A_ROW = 4
const TRUE_AGAIN = 6

export interface ToldRests {
  /** What is said is too long, until then (monotonic ms). */
  exaggeratedUntil: number
  /** One may ask sooner from then on; how many did in vain. */
  askAt: number
  vain: number
  /** Doubtful ones that were kept to at first. */
  kept: number
}

export function createToldRests(): ToldRests {
  return { exaggeratedUntil: -Infinity, askAt: -Infinity, vain: 0, kept: 0 }
}

/**
 * Whether a request is to ask before a rest of `told` milliseconds is over.
 * @param own milliseconds that our own count of the limit explains
 * @param row refusals of this key in a row
 */
export function asksSooner(rests: ToldRests, told: number, own: number, row: number, now: number): boolean {
  if (told - own < WORTH_IT || row >= IN_A_ROW) return false
  if (now < rests.exaggeratedUntil) return true
  if (told < DOUBTFUL * own) return false
  if (rests.kept < ONCE_KEPT) {
    rests.kept++
    return false
  }
  if (now < rests.askAt) return false
  rests.askAt = now + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** rests.vain)
  rests.vain = Math.min(20, rests.vain + 1)
  return true
}

/** A request that left before the told moment was let in. */
export function noteSooner(rests: ToldRests, now: number): void {
  rests.exaggeratedUntil = now + HOLDS
  rests.vain = 0
}

/** It was refused as well. */
export function noteRefusedSooner(rests: ToldRests, now: number): void {
  if (now >= rests.exaggeratedUntil || ++rests.vain < TRUE_AGAIN) return
  rests.exaggeratedUntil = -Infinity
  rests.askAt = now + Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** rests.vain)
}
