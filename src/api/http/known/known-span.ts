/** The rest of a body, around what is known by its bytes. */

/** From where to where something known stands, and what is to stand for it: by chance, so that no body can hold it. */
export interface Span {
  from: number
  to: number
  mark: string
}

/** The body with the marks in it; undefined where that is no JSON, or no map. @param spans in order, none within another */
export function around(json: Buffer, spans: readonly Span[]): Record<string, unknown> | undefined {
  let text = ''
  let at = 0
  for (const { from, to, mark } of spans) {
    text += `${json.toString('utf8', at, from)}"${mark}"`
    at = to
  }
  try {
    const body: unknown = JSON.parse(text + json.toString('utf8', at))
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? (body as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** Those that there are, in order; the second is left out where it stands within the first, or around it. */
export function inOrder(first: Span | undefined, second: Span | undefined): Span[] {
  if (!first || !second) return first ? [first] : second ? [second] : []
  if (first.to <= second.from) return [first, second]
  return second.to <= first.from ? [second, first] : [first]
}
