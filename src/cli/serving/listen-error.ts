/** Why an address cannot be listened on, in words. */
import { UsageError } from '../command-line.ts'

/** Resolves as `listen` does. What was begun is undone by `close` where it fails; throws a UsageError for a known reason. */
export async function listening(
  listen: () => Promise<string>,
  close: () => Promise<void>,
  port: number,
  host: string,
): Promise<string> {
  try {
    return await listen()
  } catch (cause) {
    await close()
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') throw new UsageError(`port ${port} is in use: choose another with --port`, { cause })
    if (code === 'EACCES')
      throw new UsageError(`port ${port} needs privileges that this user lacks: choose one above 1023`, { cause })
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
      throw new UsageError(`this machine has no address "${host}": choose another with --host`, { cause })
    throw cause
  }
}
