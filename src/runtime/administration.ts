/** What administrators change while the server runs: done by the process that owns the scheduler, whichever is asked. */

export type Subject = 'client-keys' | 'provider-keys'

/** What a route says: which of the things, and the JSON that came. */
export interface Wish {
  id?: string
  body?: unknown
}

export interface Administration {
  /**
   * @param action of the subject's own
   * @returns what the route answers. Rejects with a GatewayError for what cannot be done.
   */
  administer(subject: Subject, action: string, wish: Wish): Promise<object>
}

/** A client whose keys are managed at run time, as those who check keys need it. */
export interface ManagedClient {
  id: string
  client: string
  /** SHA-256 in hex, and from when on the key opens nothing (milliseconds since the epoch). */
  secrets: { hash: string; expires?: number }[]
  isRevoked: boolean
  /** What it may have, see `ClientAccess`. */
  access: {
    models?: readonly string[]
    maxWait?: number
    expires?: number
    logsBodies?: boolean
    tags: readonly string[]
  }
}
