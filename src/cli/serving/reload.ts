/** SIGHUP: a configuration that is good is served without a request lost; one that is bad changes nothing. */
import type { Config, ServerConfig } from '../../config/config.ts'
import type { Owner } from '../../app/scheduler-owner.ts'

export interface Reload {
  owner: Owner
  config: Config
  /** Reads the configuration anew. Throws a ConfigError or a UsageError. */
  load: () => Config
  logLeftOut: (log: Owner['log'], config: Config) => void
  /** Settings of `server` that stay as they are until the process is started anew. */
  fixed: readonly (keyof ServerConfig)[]
  /** The scheduler has been exchanged: puts those in place who serve with it. When it throws all is as before. */
  serve: (config: Config) => Promise<void>
}

/** From now on, until the function that comes back is called: it resolves when a reload that goes on has ended. */
export function reloadOnHangup({ owner, config, load, logLeftOut, fixed, serve }: Reload): () => Promise<void> {
  const { log } = owner
  let current = config
  let turn = Promise.resolve()
  let isOver = false

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

  async function reload(): Promise<void> {
    try {
      const next = load()
      await exchange(next)
      logLeftOut(log, next)
      const kept = fixed.filter((name) => JSON.stringify(next.server[name]) !== JSON.stringify(config.server[name]))
      if (kept.length > 0) log.warn({ kept }, 'SIGHUP: these server settings need a restart')
      log.info('SIGHUP: configuration reloaded')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      log.error({ why }, 'SIGHUP: the new configuration has errors, the old one stays in use')
    }
  }

  process.on('SIGHUP', () => {
    if (!isOver) turn = turn.then(reload)
  })
  return () => {
    isOver = true
    return turn
  }
}
