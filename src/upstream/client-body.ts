import type { Flow, Take } from '../chat/flow.ts'

/** Bytes that may lie unread before the upstream's socket is paused. */
const HIGH_WATER = 256 * 1024

export interface Tap {
  pause(): void
  resume(): void
  /** The reader waits for bytes from now on. */
  waiting(): void
  /** The reader has bytes, and is busy with them. */
  reading(): void
  /** The reader went away before the end. */
  abandoned(): void
}

export interface ClientBody extends Flow<Uint8Array> {
  push(bytes: Buffer): void
  end(): void
  /** The reader gets what came before, then the error; with `discard` the error at once. */
  fail(error: Error, discard: boolean): void
}

/** Whoever reads: one step of an iteration, or a pouring that goes on to the end. */
interface Reader {
  /** False when it is content with this one read. */
  take(bytes: Buffer): Promise<void> | undefined | false
  end(): void
  fail(error: unknown): void
}

/** Cheaper than queueMicrotask, which makes an async resource each time. */
const SOON = Promise.resolve()

/**
 * The body of one answer as its one reader sees it: all that a network read brought is one array, however many chunks
 * the server made of it, and a slow reader slows the upstream down. Iterate it, pour it, or first the one, then the other.
 */
export function createClientBody(tap: Tap): ClientBody {
  let queue: Buffer[] = []
  let size = 0
  let paused = false
  let ended = false
  let fault: Error | undefined
  let reader: Reader | undefined
  /** The reader has promised to say when it goes on. */
  let held = false
  let flushing = false

  function next(): Buffer {
    const bytes = queue.length === 1 && queue[0] !== undefined ? queue[0] : Buffer.concat(queue, size)
    queue = []
    size = 0
    if (paused) {
      paused = false
      tap.resume()
    }
    return bytes
  }

  function settle(): void {
    flushing = false
    while (reader !== undefined && !held) {
      if (size > 0) give(reader)
      else if (fault !== undefined) return take(reader).fail(fault)
      else if (ended) return take(reader).end()
      else return tap.waiting()
    }
  }

  function give(to: Reader): void {
    tap.reading()
    let answer: Promise<void> | undefined | false
    try {
      answer = to.take(next())
    } catch (error) {
      return leave(to, error)
    }
    if (answer === false) reader = undefined
    else if (answer !== undefined) {
      held = true
      answer.then(
        () => {
          held = false
          settle()
        },
        (error: unknown) => leave(to, error),
      )
    }
  }

  /** The reader is served, and no more one. */
  function take(from: Reader): Reader {
    reader = undefined
    return from
  }

  function leave(from: Reader, error: unknown): void {
    reader = undefined
    held = false
    abandon()
    from.fail(error)
  }

  function abandon(): void {
    if (!ended && fault === undefined) tap.abandoned()
    ended = true
    queue = []
    size = 0
  }

  /** The parser gives all chunks of a read in one go: the reader is woken behind them. */
  function flush(): void {
    if (reader === undefined || flushing) return
    flushing = true
    void SOON.then(settle)
  }

  function read(by: Reader): void {
    reader = by
    settle()
  }

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next: () =>
      new Promise((resolve, reject) =>
        read({
          take(bytes) {
            resolve({ done: false, value: bytes })
            return false
          },
          end: () => resolve({ done: true, value: undefined }),
          fail: reject,
        }),
      ),
    async return() {
      abandon()
      return { done: true, value: undefined }
    },
  }

  return {
    push(bytes) {
      if (bytes.length === 0) return
      queue.push(bytes)
      size += bytes.length
      if (size > HIGH_WATER && !paused) {
        paused = true
        tap.pause()
      }
      flush()
    },
    end() {
      ended = true
      flush()
    },
    fail(error, discard) {
      if (discard) {
        queue = []
        size = 0
      }
      fault = error
      flush()
    },
    pour: (take: Take<Uint8Array>) => new Promise((resolve, reject) => read({ take, end: resolve, fail: reject })),
    [Symbol.asyncIterator]: () => iterator,
  }
}
