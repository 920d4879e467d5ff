/** JSON that others wrote, read as far as anybody can use it. */

/** Levels; the engine's own recursion over a value ends at some thousands. */
const MOST_LEVELS = 1000

/** Throws a SyntaxError for a text that is no JSON, or is nested deeper than 1,000 levels. */
export function readJson(text: string): unknown {
  const value = JSON.parse(text) as unknown
  // each level takes two characters
  if (text.length > 2 * MOST_LEVELS && isDeeper(value, MOST_LEVELS))
    throw new SyntaxError(`nested deeper than ${MOST_LEVELS} levels`)
  return value
}

/** The same value; undefined where it would throw. */
export function parseJson(text: string): unknown {
  try {
    return readJson(text)
  } catch {
    return undefined
  }
}

/** Level by level, without recursion: what is too deep for it must not be too deep for the one who looks. */
function isDeeper(root: unknown, most: number): boolean {
  let level = [root]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    const next: unknown[] = []
    for (const value of level) {
      if (typeof value !== 'object' || value === null) continue
      for (const key in value) next.push((value as Record<string, unknown>)[key])
    }
    level = next
  }
  return false
}
