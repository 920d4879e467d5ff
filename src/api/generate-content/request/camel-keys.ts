/** This API takes each of its own keys in either spelling; what clients name themselves (arguments, schemas) stays as it is. */
export function camelKeys(map: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key in map) out[key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())] = map[key]
  return out
}
