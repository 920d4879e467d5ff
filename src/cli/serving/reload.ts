/** Another configuration: one that is good is served without a request lost; one that is bad changes nothing. */
import type { Config, ServerConfig } from '../../config/config.ts'
import type { Owner } from '../../app/scheduler-owner.ts'
import type { Reloaded, Reloads, ReloadState } from '../../runtime/reloads.ts'

export interface Reload {
  owner: Owner
  config: Config
  /** Reads the configuration anew. Throws a ConfigError or a UsageError. */
  load: () => Config
  logConfig: (log: Owner['log'], config: Config) => void
  /** Settings of `server` that stay as they are until the process is started anew. */
  fixed: readonly (keyof ServerConfig)[]
  /** The scheduler has been exchanged: puts those in place who serve with it. When it throws all is as before. */
  serve: (config: Config) => Promise<void>
}

export type ReloadListener = (moment: 'begins' | 'ends') => void

export interface Reloader extends Reloads {
  state(): ReloadState
  /** @param by why, for the log. One after another, in the order of the calls. */
  reload(by?: string): Promise<Reloaded>
  /** The files that make up what is served. */
  files(): readonly string[]
  /** Whoever asks for a reload, `begins` comes before a file is read, and `ends` when it is served or refused. */
  onReload(heard: ReloadListener): void
  /** No more of them; resolves when one that goes on has ended. */
  end(): Promise<void>
}

export function createReloader({ owner, config, load, logConfig, fixed, serve }: Reload): Reloader {
  const { log } = owner
  let current = config
  let state: ReloadState = { loaded: new Date().toISOString() }
  let turn: Promise<unknown> = Promise.resolve()
  let isOver = false
  let tell: ReloadListener = () => {}

  async function exchange(next: Config): Promise<void> {
    await owner.reload(next)
    try {
      await serve(next)
    } catch (cause) {
      await owner.reload(current)
      throw cause
    }
    current = next
  }

  async function reload(by: string): Promise<Reloaded> {
    if (isOver) return state
    tell('begins')
    try {
      const next = load()
      await exchange(next)
      state = { loaded: new Date().toISOString() }
      logConfig(log, next)
      const kept: string[] = fixed.filter(
        (name) => JSON.stringify(next.server[name]) !== JSON.stringify(config.server[name]),
      )
      if (JSON.stringify(next.database) !== JSON.stringify(config.database)) kept.push('database')
      if (kept.length > 0) log.warn({ kept }, `${by}: these server settings need a restart`)
      log.info(`${by}: configuration reloaded`)
      return { ...state, ...(kept.length > 0 && { kept }) }
    } catch (error) {
      const why = owner.redact(error instanceof Error ? error.message : String(error))
      log.error({ why }, `${by}: the new configuration has errors, the old one stays in use`)
      state = { loaded: state.loaded, refused: { at: new Date().toISOString(), why } }
      return state
    } finally {
      tell('ends')
    }
  }

  return {
    state: () => state,
    reload(by = 'asked to') {
      const done = turn.then(() => reload(by))
      turn = done
      return done
    },
    files: () => current.files,
    onReload: (heard) => void (tell = heard),
    async end() {
      isOver = true
      await turn
    },
  }
}
