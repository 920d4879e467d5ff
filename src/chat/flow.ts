/** Values that come in time, one a network read: iterated, or poured, which costs no promise a value. */

/** Gets one value. A promise from it holds the flow back until it resolves; what it throws closes the flow. */
export type Take<T> = (value: T) => Promise<void> | undefined

export interface Flow<T> extends AsyncIterable<T> {
  /** Gives each value to `take` as soon as it has come. Resolves at the end; rejects with the flow's fault, or with what `take` threw. */
  pour(take: Take<T>): Promise<void>
}

/** Pours what can be poured, and iterates everything else. */
export function pour<T>(source: AsyncIterable<T>, take: Take<T>): Promise<void> {
  return isFlow(source) ? source.pour(take) : pourEach(source, take)
}

async function pourEach<T>(source: AsyncIterable<T>, take: Take<T>): Promise<void> {
  for await (const value of source) {
    const held = take(value)
    if (held !== undefined) await held
  }
}

function isFlow<T>(source: AsyncIterable<T>): source is Flow<T> {
  return 'pour' in source
}
