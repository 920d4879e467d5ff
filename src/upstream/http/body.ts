import type { PushSource, Sink } from '../../runtime/push-source.ts'

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

export interface ClientBody extends PushSource<Uint8Array> {
  push(bytes: Buffer): void
  end(): void
  /** The reader gets what came before, then the error; with `discard` the error at once. */
  fail(error: Error, discard: boolean): void
}

/**
 * The body of one answer as its one reader sees it: all that a network read brought is one array, however many chunks
 * the server made of it, and a slow reader slows the upstream down. Iterate it, pipe it, or first the one, then the other.
 */
export function createClientBody(tap: Tap): ClientBody {
  return new Body(tap)
}

/** Cheaper than queueMicrotask, which makes an async resource each time. */
const SOON = Promise.resolve()

/** A class: a thousand streams are a thousand of these, with one closure each. */
class Body implements ClientBody, AsyncIterator<Uint8Array, undefined> {
  private readonly tap: Tap
  /** What was read: nearly always one piece, and then no list is made. */
  private only: Buffer | undefined
  private more: Buffer[] = NO_MORE
  private size = 0
  private paused = false
  private ended = false
  private fault: Error | undefined
  private reader: Sink<Uint8Array> | undefined
  /** The reader is one step of an iteration, and content with one read. */
  private once = false
  /** The reader has promised to say when it goes on. */
  private held = false
  private flushing = false
  private readonly settle = (): void => this.serve()

  constructor(tap: Tap) {
    this.tap = tap
  }

  push(bytes: Buffer): void {
    if (bytes.length === 0) return
    if (this.only === undefined) this.only = bytes
    else if (this.more === NO_MORE) this.more = [bytes]
    else this.more.push(bytes)
    this.size += bytes.length
    if (this.size > HIGH_WATER && !this.paused) {
      this.paused = true
      this.tap.pause()
    }
    this.flush()
  }

  end(): void {
    this.ended = true
    this.flush()
  }

  fail(error: Error, discard: boolean): void {
    if (discard) this.empty()
    this.fault = error
    this.flush()
  }

  pushTo(into: Sink<Uint8Array>): void {
    this.read(into, false)
  }

  next(): Promise<IteratorResult<Uint8Array, undefined>> {
    return new Promise((resolve, reject) => this.read(new Step(resolve, reject), true))
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.abandon()
    return { done: true, value: undefined }
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  private read(by: Sink<Uint8Array>, once: boolean): void {
    this.reader = by
    this.once = once
    this.serve()
  }

  /** The parser gives all chunks of a read in one go: the reader is woken behind them. */
  private flush(): void {
    if (this.reader === undefined || this.flushing) return
    this.flushing = true
    void SOON.then(this.settle)
  }

  private serve(): void {
    this.flushing = false
    while (this.reader !== undefined && !this.held) {
      if (this.size > 0) this.give(this.reader)
      else if (this.fault !== undefined) return this.dismiss(this.reader).fail(this.fault)
      else if (this.ended) return this.dismiss(this.reader).end()
      else return this.tap.waiting()
    }
  }

  private give(to: Sink<Uint8Array>): void {
    this.tap.reading()
    if (this.once) this.reader = undefined
    let answer: Promise<void> | undefined
    try {
      answer = to.take(this.shift())
    } catch (error) {
      return this.leave(to, error)
    }
    if (answer !== undefined) this.hold(to, answer)
  }

  private hold(to: Sink<Uint8Array>, answer: Promise<void>): void {
    this.held = true
    answer.then(
      () => {
        this.held = false
        this.serve()
      },
      (error: unknown) => this.leave(to, error),
    )
  }

  private shift(): Buffer {
    const { only, more, size } = this
    this.empty()
    if (this.paused) {
      this.paused = false
      this.tap.resume()
    }
    return more === NO_MORE && only ? only : Buffer.concat(only ? [only, ...more] : more, size)
  }

  private empty(): void {
    this.only = undefined
    this.more = NO_MORE
    this.size = 0
  }

  /** The reader is served, and no more one. */
  private dismiss(from: Sink<Uint8Array>): Sink<Uint8Array> {
    this.reader = undefined
    return from
  }

  private leave(from: Sink<Uint8Array>, error: unknown): void {
    this.reader = undefined
    this.held = false
    this.abandon()
    from.fail(error)
  }

  private abandon(): void {
    if (!this.ended && this.fault === undefined) this.tap.abandoned()
    this.ended = true
    this.empty()
  }
}

const NO_MORE: Buffer[] = []

class Step implements Sink<Uint8Array> {
  private readonly resolve: (result: IteratorResult<Uint8Array, undefined>) => void
  readonly fail: (cause: unknown) => void

  constructor(resolve: (result: IteratorResult<Uint8Array, undefined>) => void, fail: (cause: unknown) => void) {
    this.resolve = resolve
    this.fail = fail
  }

  take(bytes: Uint8Array): undefined {
    this.resolve({ done: false, value: bytes })
  }

  end(): void {
    this.resolve({ done: true, value: undefined })
  }
}
