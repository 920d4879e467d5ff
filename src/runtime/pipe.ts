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

export interface Pipeable<T> extends AsyncIterable<T> {
  /** Gives each value to `into` as soon as it has come. */
  pipe(into: Sink<T>): void
}

/** Pipes what can be piped, and iterates everything else. */
export function pipeInto<T>(source: AsyncIterable<T>, into: Sink<T>): void {
  if (isPipeable(source)) source.pipe(into)
  else void pourEach(source, into)
}

async function pourEach<T>(source: AsyncIterable<T>, into: Sink<T>): Promise<void> {
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

function isPipeable<T>(source: AsyncIterable<T>): source is Pipeable<T> {
  return 'pipe' in source
}
