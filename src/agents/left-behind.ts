/** Folders of files for one start, named after the process that removes them; those of a process that was killed are found by it. */
import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

// of this machine, since a folder for temporary files may be shared with others, whose processes are not seen here
const PREFIX = `balanced-call-run-${hostname()}-`

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
}

/** What cannot be removed stays. */
export function removeLeftBehind(): void {
  const folder = tmpdir()
  try {
    for (const name of readdirSync(folder)) {
      const [, pid] = (name.startsWith(PREFIX) && /^(\d+)-/.exec(name.slice(PREFIX.length))) || []
      if (pid === undefined || isAlive(Number(pid))) continue
      const path = join(folder, name)
      const { uid } = lstatSync(path)
      if (uid === (process.getuid?.() ?? uid)) rmSync(path, { recursive: true, force: true })
    }
  } catch {
    // it was only tidying
  }
}

/** A process that may not be asked is another user's, and none of ours. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
