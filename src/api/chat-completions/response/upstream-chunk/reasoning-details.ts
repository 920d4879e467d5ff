/** Fragments of reasoning details as a stream brings them, joined by index and kind: texts go on, the last signature counts. */
export function joinDetails(fragments: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const joined: Record<string, unknown>[] = []
  for (const fragment of fragments) {
    const before = fragment['index'] === undefined ? undefined : joined.find((item) => isSame(item, fragment))
    if (before === undefined) {
      joined.push({ ...fragment })
      continue
    }
    for (const [key, value] of Object.entries(fragment)) {
      if (value === null || value === undefined) continue
      const old = before[key]
      const goesOn = GROWING.has(key) && typeof old === 'string' && typeof value === 'string'
      before[key] = goesOn ? old + value : value
    }
  }
  return joined
}

const GROWING = new Set(['text', 'summary', 'data'])

function isSame(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return a['index'] === b['index'] && a['type'] === b['type']
}
