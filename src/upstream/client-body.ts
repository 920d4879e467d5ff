/** Bytes that may lie unread before the upstream's socket is paused. */
const HIGH_WATER = 256 * 1024

export interface Tap {
  pause(): void
  resume(): void
  /** The reader waits for bytes from now on. */
  waiting(): void
  /** The reader went away before the end. */
  abandoned(): void
}

export interface ClientBody extends AsyncIterable<Uint8Array> {
  push(bytes: Buffer): void
  end(): void
  /** The reader gets what came before, then the error; with `discard` the error at once. */
  fail(error: Error, discard: boolean): void
  isAwaited(): boolean
}

type Step = IteratorResult<Uint8Array, undefined>

/**
 * The body of one answer as its one reader sees it: all that a network read brought is one array, however many chunks
 * the server made of it, and a slow reader slows the upstream down.
 */
export function createClientBody(tap: Tap): ClientBody {
  let queue: Buffer[] = []
  let size = 0
  let paused = false
  let ended = false
  let fault: Error | undefined
  let waiter: { resolve(step: Step): void; reject(error: Error): void } | undefined
  let flushing = false

  function take(): Step {
    const value = queue.length === 1 && queue[0] !== undefined ? queue[0] : Buffer.concat(queue, size)
    queue = []
    size = 0
    if (paused) {
      paused = false
      tap.resume()
    }
    return { done: false, value }
  }

  function settle(): void {
    flushing = false
    if (waiter === undefined) return
    const { resolve, reject } = waiter
    if (size > 0) {
      waiter = undefined
      resolve(take())
    } else if (fault !== undefined) {
      waiter = undefined
      reject(fault)
    } else if (ended) {
      waiter = undefined
      resolve({ done: true, value: undefined })
    }
  }

  /** The parser gives all chunks of a read in one go: the reader is woken behind them. */
  function flush(): void {
    if (waiter === undefined || flushing) return
    flushing = true
    queueMicrotask(settle)
  }

  const iterator: AsyncIterator<Uint8Array, undefined> = {
    next() {
      return new Promise((resolve, reject) => {
        waiter = { resolve, reject }
        settle()
        if (waiter !== undefined) tap.waiting()
      })
    },
    async return() {
      if (!ended && fault === undefined) tap.abandoned()
      ended = true
      queue = []
      size = 0
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
    isAwaited: () => waiter !== undefined,
    [Symbol.asyncIterator]: () => iterator,
  }
}
