/** Slow keys get less: latency compared with what the model usually needs for a request of that size. */

/** Usual latencies of a model, as multiples of `expectedLatency`; 0 before the first answer. */
export interface Latency {
  /** Of whole answers. */
  usual: number
  /** Of first bytes, and how far they usually stray: whole and streamed answers may be mixed. */
  first: number
  firstSpread: number
}

export function createLatency(): Latency {
  return { usual: 0, first: 0, firstSpread: 0 }
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

/** How slow a first byte is that came, or has not come, `elapsed` milliseconds after its request; 1 being usual. */
export function firstByteSlowness({ first, firstSpread }: Latency, elapsed: number, input: number): number {
  return first === 0 ? 0 : elapsed / expectedLatency(input, 0) / (first + 2 * firstSpread)
}

/** Learns from a first byte. Returns the key's new slowness by first bytes, 1 being usual. */
export function learnFirstByte(latency: Latency, slowness: number, elapsed: number, input: number): number {
  const ratio = elapsed / expectedLatency(input, 0)
  if (latency.first === 0) latency.first = ratio
  const relative = firstByteSlowness(latency, elapsed, input)
  const usual = Math.min(ratio, SLOW * (latency.first + 2 * latency.firstSpread))
  latency.firstSpread += 0.02 * (Math.abs(usual - latency.first) - latency.firstSpread)
  latency.first += 0.02 * (usual - latency.first)
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
