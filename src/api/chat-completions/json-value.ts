/** A JSON object: not null, not a list. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value when it is a text with something in it. */
export function filled(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** What ought to be a word, as one: a client's object can have a `toString` that is no function, and gives nothing. */
export function asWord(value: unknown): string {
  return typeof value === 'object' || value === undefined ? '' : String(value)
}
