/** Values that come in time, one a network read: iterated, or piped, which costs no promise a value. */

/** Gets one value. A promise from it holds the flow back until it resolves; what it throws closes the flow. */
export type Take<T> = (value: T) => Promise<void> | undefined

/** What values are piped into. Of `end` and `fail` one is called, once; neither throws. */
export interface Sink<T> {
  take(value: T): Promise<void> | undefined
  end(): void
  /** The flow's own fault, or what `take` threw. */
  fail(cause: unknown): void
}

export interface PushSource<T> extends AsyncIterable<T> {
  /** Gives each value to `into` as soon as it has come. */
  pushTo(into: Sink<T>): void
}

/** Pipes what can be piped, and iterates everything else. */
export function pipeInto<T>(source: AsyncIterable<T>, into: Sink<T>): void {
  if (isPushSource(source)) source.pushTo(into)
  else void pushEach(source, into)
}

async function pushEach<T>(source: AsyncIterable<T>, into: Sink<T>): Promise<void> {
  try {
    for await (const value of source) {
      const held = into.take(value)
      if (held !== undefined) await held
    }
  } catch (cause) {
    return into.fail(cause)
  }
  into.end()
}

function isPushSource<T>(source: AsyncIterable<T>): source is PushSource<T> {
  return 'pushTo' in source
}
