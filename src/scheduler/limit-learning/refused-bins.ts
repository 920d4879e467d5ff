/** From which crowding on are requests refused? Counts of accepted and refused ones, by bins of how crowded they were. */

/** Crowding of a request in units is sorted into bins whose edges grow by a third of an octave. */
export const BINS = 44
/** Everything below it is in the first bin, which is never refused for crowding. */
export const FIRST_EDGE = 0.06
/** A part of the window that lets most requests pass is not worth keeping to. */
export const LEAST_SHARE = 0.2
/** Neither is one that holds more than this of it finer than the window: a lower limit explains the same. */
const MOST_OF_WINDOW = 0.5

export function binOf(crowd: number): number {
  if (crowd < FIRST_EDGE) return 0
  return Math.min(BINS - 1, 1 + Math.floor(3 * Math.log2(crowd / FIRST_EDGE)))
}

export function edgeOf(bin: number): number {
  return FIRST_EDGE * 2 ** ((bin - 1) / 3)
}

/**
 * The bin from which on requests are refused that pass below it; 0 where chance explains the refusals as well. `convinced` is the
 * log-likelihood that is wanted, `window` what the whole window holds, in units of crowding.
 */
export function firstRefusedBin(
  accepted: Float64Array,
  refused: Float64Array,
  convinced: number,
  window: number,
): number {
  const allRefused = sum(refused)
  const allAccepted = sum(accepted)
  const chance = likelihood(allRefused, allAccepted)
  let best = 0
  let most = convinced
  let above = 0
  let passed = 0
  for (let bin = BINS - 1; bin > 0; bin--) {
    above += refused[bin] ?? 0
    passed += accepted[bin] ?? 0
    const share = above / (above + passed)
    const below = (allRefused - above) / Math.max(1e-9, allRefused - above + allAccepted - passed)
    // One refusal proves nothing.
    if (above < 1.5 || share < LEAST_SHARE || share < 2 * below) continue
    if (edgeOf(bin) > MOST_OF_WINDOW * window) continue
    const gain = likelihood(above, passed) + likelihood(allRefused - above, allAccepted - passed) - chance
    if (gain <= most) continue
    most = gain
    best = bin
  }
  return best
}

function likelihood(refused: number, accepted: number): number {
  const all = refused + accepted
  return part(refused, all) + part(accepted, all)
}

function part(count: number, all: number): number {
  return count > 1e-9 ? count * Math.log(count / all) : 0
}

export function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}
