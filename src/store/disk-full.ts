/** What SQLite and the system say of a disk without room, in words for people; any other error as it is. */
export function plainlyFull(error: unknown, consequence = ''): unknown {
  if (!(error instanceof Error)) return error
  const { code, message } = error as NodeJS.ErrnoException
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || /\b(?:disk is full|ENOSPC|EDQUOT)\b/i.test(message)
  return isFull ? new Error(`the disk is full${consequence}`, { cause: error }) : error
}
