/** Lines to a file descriptor, many in one write: a write of its own costs more CPU than the request that a line tells of. */
import { write, writeSync } from 'node:fs'

/** Milliseconds that a line may wait for others. */
const TOGETHER = 50
/** Characters that are written at once, however soon they came together. */
const ENOUGH = 64 * 1024
/** Characters that may wait for a reader who does not read: what comes beyond is dropped, and counted. */
const MOST = 16 * 1024 * 1024
/** Characters of a line that is not made yet. */
const USUAL = 500
/** Milliseconds until a full pipe is tried again. */
const AGAIN = 10

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
  let lines: (string | (() => string))[] = []
  let size = 0
  let lost = 0
  let isWriting = false
  let isDue = false

  function take(): Buffer {
    if (lost > 0) lines.push(dropped(lost))
    let text = ''
    for (const line of lines) text += typeof line === 'string' ? line : line()
    const bytes = Buffer.from(text)
    lines = []
    size = 0
    lost = 0
    return bytes
  }

  function begin(): void {
    isDue = false
    if (isWriting || lines.length === 0) return
    isWriting = true
    go(take(), 0)
  }

  function go(bytes: Buffer, from: number): void {
    write(fd, bytes, from, bytes.length - from, null, (error, count) => {
      if (error?.code === 'EAGAIN') return void setTimeout(go, AGAIN, bytes, from).unref()
      // Nobody reads any more: there is nobody to tell.
      if (!error && from + count < bytes.length) return go(bytes, from + count)
      isWriting = false
      if (size >= ENOUGH) begin()
      else if (lines.length > 0) soon()
    })
  }

  function soon(): void {
    if (isDue) return
    isDue = true
    setTimeout(begin, TOGETHER).unref()
  }

  function add(line: string | (() => string), length: number): void {
    if (size + length > MOST) return void lost++
    lines.push(line)
    size += length
    if (size >= ENOUGH) begin()
    else if (!isWriting) soon()
  }

  return {
    write: (line) => add(line, line.length),
    defer: (make) => add(make, USUAL),
    flush() {
      if (lines.length === 0) return
      const bytes = take()
      for (let from = 0; from < bytes.length;) {
        try {
          from += writeSync(fd, bytes, from)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return
        }
      }
    },
  }
}
