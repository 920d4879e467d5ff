/** What a configuration that is read anew amounts to, for whoever asks for it or looks at it later. */

export interface ReloadState {
  /** When what is served was read: ISO 8601. */
  loaded: string
  /** The newest reading, where it was refused: what is served is the one before. */
  refused?: { at: string; why: string }
}

export interface Reloaded extends ReloadState {
  /** Settings that want a new start, and keep what they had. */
  kept?: string[]
}

export interface Reloads {
  state(): ReloadState | Promise<ReloadState>
  /**
   * Reads the files anew. Never rejects for what is wrong with them: `refused` tells of it.
   * @param by why, for the log
   */
  reload(by?: string): Promise<Reloaded>
}
