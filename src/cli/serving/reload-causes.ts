/** What makes a process that serves read its configuration anew: SIGHUP, and a change of one of its files. */
import fs, { readFileSync } from 'node:fs'
import type { Reloader } from './reload.ts'

/**
 * Milliseconds between two looks at a file. Looked at, and not told by the system: that misses files that are put in place by a
 * rename or a link, as editors and Kubernetes do, and those on other machines.
 */
const EVERY = 500

/** How files are looked at: Node's own way, and another in tests. */
export interface FileWatch {
  watchFile(file: string, options: { interval: number; persistent: boolean }, changed: () => void): unknown
  unwatchFile(file: string, changed: () => void): void
}

/** Until the function that comes back is called. @param more files beside those of the configuration */
export function reloadByItself(
  reloader: Reloader,
  isWatching: boolean,
  more: readonly string[],
  { watchFile, unwatchFile }: FileWatch = fs,
): () => void {
  /** What each file held when it was read. */
  let seen = new Map<string, string | null>()
  let watched = new Set<string>()
  let timer: NodeJS.Timeout | undefined

  function watch(): void {
    if (!isWatching) return
    const wanted = new Set(files())
    for (const file of watched) if (!wanted.has(file)) unwatchFile(file, changed)
    for (const file of wanted) if (!watched.has(file)) watchFile(file, { interval: EVERY, persistent: false }, changed)
    watched = wanted
  }

  /** A file that is written in pieces, and several files at once, are one change: it is read when it has been quiet. */
  function changed(): void {
    clearTimeout(timer)
    timer = setTimeout(() => {
      if (files().every((file) => seen.get(file) === readIfThere(file))) return
      // another look while its turn has not come asks for no second one
      note('begins')
      void reloader.reload('a file changed')
    }, EVERY)
    timer.unref()
  }

  const files = (): string[] => [...reloader.files(), ...more]

  /** Before it is read: a change that comes meanwhile is another one. A file that is named from now on was read just now. */
  function note(moment: 'begins' | 'ends'): void {
    const known = moment === 'begins' ? new Map<string, string | null>() : seen
    seen = new Map(files().map((file) => [file, known.has(file) ? (known.get(file) ?? null) : readIfThere(file)]))
    if (moment === 'ends') watch()
  }

  const hangup = (): void => void reloader.reload('SIGHUP')
  reloader.onReload(note)
  note('begins')
  process.on('SIGHUP', hangup)
  watch()
  return () => {
    clearTimeout(timer)
    for (const file of watched) unwatchFile(file, changed)
  }
}

function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
