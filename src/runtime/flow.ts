/** Values that come in time, one a network read: iterated, or poured, which costs no promise a value. */

/** Gets one value. A promise from it holds the flow back until it resolves; what it throws closes the flow. */
export type Take<T> = (value: T) => Promise<void> | undefined

/** What a flow is poured into. Of `end` and `fail` one is called, once; neither throws. */
export interface Sink<T> {
  take(value: T): Promise<void> | undefined
  end(): void
  /** The flow's own fault, or what `take` threw. */
  fail(cause: unknown): void
}

export interface Flow<T> extends AsyncIterable<T> {
  /** Gives each value to `into` as soon as it has come. */
  pour(into: Sink<T>): void
}

/** Pours what can be poured, and iterates everything else. */
export function pourInto<T>(source: AsyncIterable<T>, into: Sink<T>): void {
  if (isFlow(source)) source.pour(into)
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

function isFlow<T>(source: AsyncIterable<T>): source is Flow<T> {
  return 'pour' in source
}
