/** From how many of the likeliest tokens one is taken; undefined where that is all of them. Some clients say it as a float. */
export function topK(value: unknown): number | undefined {
  return typeof value === 'number' && value > 0 ? Math.max(1, Math.round(value)) : undefined
}
