/** Texts that PostgreSQL takes: it knows no NUL, and no half of a character. */
export function soundText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed()
}

export function jsonOf(rows: readonly object[]): string {
  return JSON.stringify(rows, (_key, value: unknown) => (typeof value === 'string' ? soundText(value) : value))
}
