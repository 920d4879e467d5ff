/** What makes a process that serves read its configuration anew: SIGHUP, and a change of one of its files. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import type { Reloader } from './reload.ts'

/**
 * Milliseconds between two looks at a file. Looked at, and not told by the system: that misses files that are put in place by a
 * rename or a link, as editors and Kubernetes do, and those on other machines.
 */
const EVERY = 500

/** Until the function that comes back is called. @param more files beside those of the configuration */
export function reloadByItself(reloader: Reloader, isWatching: boolean, more: readonly string[]): () => void {
  let seen = contents(reloader.files(), more)
  let watched = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function watch(): void {
    if (!isWatching) return
    const files = new Set([...reloader.files(), ...more])
    for (const file of watched) if (!files.has(file)) unwatchFile(file, changed)
    for (const file of files) if (!watched.has(file)) watchFile(file, { interval: EVERY, persistent: false }, changed)
    watched = files
  }

  /** A file that is written in pieces, and several files at once, are one change: it is read when it has been quiet. */
  function changed(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (contents(reloader.files(), more) !== seen) void reload('a file changed')
    }, EVERY)
    timer.unref()
  }

  async function reload(by: string): Promise<void> {
    seen = contents(reloader.files(), more)
    await reloader.reload(by)
    // it may name other files now
    seen = contents(reloader.files(), more)
    watch()
  }

  const hangup = (): void => void reload('SIGHUP')
  process.on('SIGHUP', hangup)
  watch()
  return () => {
    clearTimeout(timer)
    for (const file of watched) unwatchFile(file, changed)
  }
}

/** Touched is not changed. */
function contents(files: readonly string[], more: readonly string[]): string {
  return JSON.stringify([...files, ...more].map(readIfThere))
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
