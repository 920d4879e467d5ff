/** What of a client's body nobody reads for an upstream of another API: no field is dropped without a word. */

/** Characters that are told of a name. */
const SHOWN = 60
/** Fields that are told: a body of nothing but others is somebody's mistake, and a header has its bounds. */
const MOST = 20

/** @param read names that are read, or say nothing to others; @param path of the object that has them, with its dot */
export function unreadFields(body: Record<string, unknown>, read: ReadonlySet<string>, path = ''): string[] {
  const names = Object.keys(body).filter((name) => !read.has(name) && isSaid(body[name]))
  return names.slice(0, MOST).map((name) => `${path}${name.slice(0, SHOWN)}: for an upstream of the same API, left out`)
}

/** Not what means the same as nothing. */
export function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}
