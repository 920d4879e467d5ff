/** Small things that are changed by hand and must not be lost: one JSON each, in a file, or shared by several replicas. */

export type DocumentKind = 'client_key' | 'provider_key'

export interface Documents {
  /** As of the newest look, by id. One that has changed is another object. */
  all(): ReadonlyMap<string, unknown>
  /**
   * One after another among all who share them: `decide` sees what those before have kept, and says what is to be kept.
   * It is on the disk when this resolves. Rejects with what `decide` throws, and where nothing can be kept: nothing has
   * changed then, but for an UncertainChange.
   */
  change(decide: () => Change | undefined): Promise<void>
  /** Hears what others than this process have changed. */
  onOthers(listener: (changes: readonly OtherChange[]) => void): void
}

export interface Change {
  id: string
  /** Absent: it goes. */
  document?: unknown
}

export interface OtherChange {
  id: string
  before?: unknown
  now?: unknown
}

export interface DocumentStore {
  table(kind: DocumentKind): Documents
  close(): void
}

/** The end of a change was asked for, and no answer came: it may have been kept, or not. */
export class UncertainChange extends Error {
  constructor(cause: unknown) {
    super('nobody said whether it was kept', { cause })
  }
}
