/** What this server keeps of a response, so that a later request may go on from it. */

export interface KeptResponse {
  id: string
  /** Only who made it sees it; undefined where nobody has a name. */
  client: string | undefined
  /** The response before. */
  previous: string | undefined
  /** The upstream speaks the same API and keeps it by itself. */
  isNative: boolean
  /** The client's own input. */
  items: unknown[]
  response: Record<string, unknown>
}

/** Each question rejects where what is kept cannot be read. */
export interface ResponseStore {
  get(id: string, client: string | undefined): Promise<KeptResponse | undefined>
  /** From the first to this one; undefined where one of them is gone. */
  conversation(id: string, client: string | undefined): Promise<KeptResponse[] | undefined>
  /** Nobody waits for it. Throws where nothing can be kept. */
  put(kept: KeptResponse): void
  /** False where there is none. */
  delete(id: string, client: string | undefined): Promise<boolean>
}
