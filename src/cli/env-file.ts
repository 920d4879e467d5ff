/** `--env FILE`: variables beside those of the environment, which go before them. Node takes `--env-file` for its own, wherever it stands. */
import { readFileSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { UsageError } from './command-line.ts'

/** That of the option, else that of the environment. */
export function envFileOf(given: string | undefined): string | undefined {
  return given ?? (process.env['BALANCED_CALL_ENV_FILE'] || undefined)
}

/** Throws a UsageError for a file that cannot be read. */
export function readEnvFile(file: string | undefined): Record<string, string> {
  if (file === undefined) return {}
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new UsageError(`${file} cannot be read: ${code === 'ENOENT' ? 'there is no such file' : code}`, { cause })
  }
  const read = parseEnv(text)
  return Object.fromEntries(
    Object.entries(read).flatMap(([name, value]) =>
      value === undefined || process.env[name] !== undefined ? [] : [[name, value]],
    ),
  )
}
