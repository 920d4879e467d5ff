interface Page<T> {
  page: T[]
  /** The id of the last one, where more follow. */
  next?: string
}

/** @param size all where it is no number above 0 @param after the id of the last one that was shown */
export function pageOf<T extends { id: string }>(all: readonly T[], size: unknown, after: unknown): Page<T> {
  const from = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  const most = Number(size)
  const page = all.slice(from, most >= 1 ? from + Math.floor(most) : undefined)
  const last = page.at(-1)
  return last !== undefined && from + page.length < all.length ? { page, next: last.id } : { page }
}
