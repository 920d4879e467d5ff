/** What of a user's message the user said. */

/** An agent puts notes of its own into the messages of its user, each within tags whose name says so. */
const TAG = /<(\/?)([a-z][\w-]{0,40}(?:reminder|notification|context|details|instructions))(?:\s[^<>]{0,200})?>/gi

/** In time that grows with the text only, whatever is left open in it. */
export function ownWords(text: string): string {
  if (!text.includes('</')) return text
  const tags = [...text.matchAll(TAG)].map(({ 0: whole, 1: slash, 2: name = '', index }) => ({
    name,
    ends: slash !== '',
    from: index,
    to: index + whole.length,
  }))
  /** Where the last end of each name is. */
  const last = new Map(tags.filter(({ ends }) => ends).map(({ name, to }) => [name, to]))
  const kept: string[] = []
  let open: string | undefined
  let at = 0
  for (const { name, ends, from, to } of tags) {
    if (open === undefined && !ends && (last.get(name) ?? 0) > to) {
      kept.push(text.slice(at, from))
      open = name
    } else if (ends && name === open) {
      at = to
      open = undefined
    }
  }
  return [...kept, text.slice(at)].join('').trim()
}
