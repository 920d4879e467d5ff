/** Lines to a file descriptor, many in one write: a write of its own costs more CPU than the request that a line tells of. */
import sonicBoom from 'sonic-boom'

/** Milliseconds that a line may wait for others. */
const TOGETHER = 20
/** Characters that are written at once, however soon they came together. */
const ENOUGH = 64 * 1024
/** Bytes that may wait for a reader who does not read: what comes beyond is dropped, and counted. */
const MOST = 16 * 1024 * 1024
/** Characters of a line that is not made yet. */
const USUAL = 500

export interface LineWriter {
  /** Keeps the order of the lines. Never waits. */
  write(line: string): void
  /**
   * The same for a line that is made when it is written: many made one after the other cost half of what each costs amid
   * other work.
   */
  defer(make: () => string): void
  /** Writes what waits, now; for the end of the process. */
  flush(): void
}

/** @param dropped makes the line that tells how many were dropped */
export function createLineWriter(fd: number, dropped: (lines: number) => string): LineWriter {
  const file = new sonicBoom.SonicBoom({ fd, minLength: 0, maxLength: MOST, maxWrite: ENOUGH })
  let lines: (string | (() => string))[] = []
  let size = 0
  let lost = 0
  let isDue = false
  file.on('drop', (text: string) => (lost += text.split('\n').length - 1))
  // Nobody reads any more: there is nobody to tell.
  file.on('error', () => {})

  function pass(): void {
    isDue = false
    if (lines.length === 0 && lost === 0) return
    let text = ''
    for (const line of lines) text += typeof line === 'string' ? line : line()
    lines = []
    size = 0
    if (lost > 0) {
      text += dropped(lost)
      lost = 0
    }
    file.write(text)
  }

  function add(line: string | (() => string), length: number): void {
    lines.push(line)
    size += length
    if (size >= ENOUGH) return pass()
    if (isDue) return
    isDue = true
    setTimeout(pass, TOGETHER).unref()
  }

  return {
    write: (line) => add(line, line.length),
    defer: (make) => add(make, USUAL),
    flush() {
      pass()
      try {
        file.flushSync()
      } catch {
        // The reader has gone, or the disk is full: the process ends, with nobody to tell.
      }
    },
  }
}
