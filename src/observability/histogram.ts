/** Plain histograms: a count for each bound, one for all above them, and the sum; lists, so that processes can add theirs. */

export function emptyHistogram(bounds: readonly number[]): number[] {
  return Array.from({ length: bounds.length + 2 }, () => 0)
}

export function observe(histogram: number[], bounds: readonly number[], value: number): void {
  let bucket = 0
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket++
  histogram[bucket] = (histogram[bucket] ?? 0) + 1
  const sum = bounds.length + 1
  histogram[sum] = (histogram[sum] ?? 0) + value
}

/** Adds the second to the first. */
export function addHistogram(to: number[], more: readonly number[]): void {
  for (const [index, by] of more.entries()) to[index] = (to[index] ?? 0) + by
}
