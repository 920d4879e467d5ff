/** Slow keys get less: latency compared with what the model usually needs for a request of that size. */

/** Usual latency of a model, as a multiple of `expectedLatency`; 0 before the first answer. */
export interface Latency {
  usual: number
}

/** Slower than this multiple of the usual is slow. */
const SLOW = 3
/** A slow key keeps this share, so that its recovery is seen. */
const FLOOR = 0.02

/** A rough time for a request of a size, in milliseconds; only ratios between keys of one model matter. */
export function expectedLatency(input: number, output: number): number {
  return 500 + input / 8 + (output * 1000) / 60
}

/** Learns from an answer. Returns the key's new slowness, 1 being usual. */
export function learnLatency(latency: Latency, slowness: number, ratio: number): number {
  if (latency.usual === 0) latency.usual = ratio
  const relative = ratio / latency.usual
  latency.usual += 0.02 * (Math.min(ratio, SLOW * latency.usual) - latency.usual)
  return slowness === 0 ? relative : slowness + 0.2 * (relative - slowness)
}

/**
 * The share of its weight that a key deserves, 1 to 0.02. `oldest` is the age of its oldest unanswered request as a
 * multiple of what is usual: a key that hangs shows before its first answer ends.
 */
export function latencyHealth(slowness: number, oldest: number): number {
  const worst = oldest > SLOW ? Math.max(slowness, oldest) : slowness
  return worst < SLOW ? 1 : Math.max(FLOOR, 1 / (worst * worst))
}
