/** How the command line is read: options by node:util, and mistakes in words. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { didYouMean } from '../definition/near-miss.ts'

/** A mistake on the command line, told without a stack. */
export class UsageError extends Error {
  override name = 'UsageError'
}

export function readOptions<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true })
  } catch (cause) {
    throw new UsageError(mistake(cause, Object.keys(options)), { cause })
  }
}

/** Throws a UsageError for words that the command has no use for. */
export function refuseMore(positionals: readonly string[], most: number): void {
  const surplus = positionals[most]
  if (surplus !== undefined) throw new UsageError(`unexpected argument "${surplus}"; --help shows what goes there`)
}

function mistake(cause: unknown, names: readonly string[]): string {
  const message = cause instanceof Error ? cause.message : String(cause)
  const known = names.map((name) => `--${name}`)
  const words = [...known, '--help', '--version']
  const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1]
  const near = unknown === undefined ? undefined : didYouMean(unknown, words)
  const told = unknown === undefined ? message : `unknown option ${unknown}${near}`
  return near ? told : `${told} (options: ${known.join(', ')})`
}

/** The one that comes with the package. */
export const SHIPPED_FILE = fileURLToPath(new URL('../../providers.yaml', import.meta.url))

/** The configuration that `--config`, the environment or the default names: one in this folder, else the shipped one. */
export function configFile(given: string | undefined): string {
  const named = given ?? (process.env['BALANCED_CALL_CONFIG'] || undefined)
  return named ?? (existsSync('providers.yaml') ? 'providers.yaml' : SHIPPED_FILE)
}

export function readPort(text: string): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new UsageError(`"${text}" is not a port: use a whole number from 0 to 65535`)
}

/** A number of processes; `auto` is one for each core that this process may use. */
export function readWorkers(given: string | number): number {
  if (given === 'auto') return availableParallelism()
  const workers = Number(given)
  if (Number.isInteger(workers) && workers >= 1 && workers <= 256) return workers
  throw new UsageError(`"${given}" is not a number of workers: use a whole number from 1 to 256, or auto`)
}
