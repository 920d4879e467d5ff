/** Keys that were made in a data folder come to the database that a configuration names: at a start, or when asked. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keysLeft, moveKeys, type Moved } from '../app/desk/move-keys.ts'
import { loadConfig } from '../config/load.ts'
import type { Database } from '../store/postgres/database.ts'
import { MANAGED_FILE } from '../store/sqlite/document-file.ts'
import { configFile, UsageError } from './command-line.ts'
import { envFileOf, readEnvFile } from './env-file.ts'
import { openNamedDatabase } from './named-database.ts'

type Env = Record<string, string | undefined>

export async function importFromFolder(values: { data?: string; config?: string; env?: string }): Promise<Moved> {
  const env = { ...readEnvFile(envFileOf(values.env)), ...process.env }
  const config = loadConfig(configFile(values.config), env)
  const folder = values.data ?? (env['BALANCED_CALL_DATA'] || config.server.data)
  if (folder === undefined)
    throw new UsageError('from which data folder? --data DIR, BALANCED_CALL_DATA or server.data names it')
  if (!existsSync(join(folder, MANAGED_FILE))) throw new UsageError(`no key was ever made at run time in ${folder}`)
  const database = await openNamedDatabase(config)
  if (!database) throw new UsageError('to which database? Set database.url or BALANCED_CALL_DATABASE_URL')
  try {
    return await moveKeys(folder, database, env)
  } catch (cause) {
    throw new UsageError(`${database.plainly(cause)}; run it again: what is there is not copied twice`, { cause })
  } finally {
    await database.close()
  }
}

/**
 * A database that never held a key takes those of the folder; with any other they are told, as an administrator may have
 * removed some of them since.
 * @param say hears what was done, a line each
 */
export async function takeKeys(
  folder: string | undefined,
  database: Database,
  env: Env,
  say: (line: string) => void,
): Promise<void> {
  if (folder === undefined) return
  try {
    const left = keysLeft(folder, database)
    if (left.length === 0) return
    if (!(await database.isNew()))
      return say(
        `${left.length === 1 ? 'a key' : `${left.length} keys`} of ${folder} that the database lacks will open nothing: ${left.join(', ')}. To copy: balanced-call keys import --data ${folder}`,
      )
    const { moved, left: kept } = await moveKeys(folder, database, env)
    if (moved.length > 0) say(`the keys of ${folder} were copied to the database, which had none: ${moved.join(', ')}`)
    for (const { name, why } of kept) say(`the key ${name} of ${folder} is not in the database: ${why}`)
  } catch (cause) {
    say(`the keys of ${folder} cannot be copied to the database: ${database.plainly(cause)}`)
  }
}
