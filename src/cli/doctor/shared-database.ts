/** What replicas share: does the server answer, and do all have the key that opens what is encrypted there? */
import type { DatabaseConfig } from '../../config/config.ts'
import { SECRET_KEY } from '../../store/vault.ts'
import { bad, good, warning, type Finding } from './finding.ts'

export async function sharedDatabase(
  database: DatabaseConfig | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<Finding[]> {
  if (!database) return []
  const { describeDatabase } = await import('../../store/postgres/describe-database.ts')
  const { isThere, text } = await describeDatabase(database)
  const found = text.replace(/^database: /, '')
  const advice = 'Start that server or correct database.url; while it is away no replica can start.'
  const key = environment[SECRET_KEY]
    ? good('secret key', `${SECRET_KEY} is set; it has to be the same for all replicas`)
    : warning(
        'secret key',
        `${SECRET_KEY} is not set: keys of providers cannot be added, nor those opened that were`,
        `Set it to the same text for all replicas, such as the output of: openssl rand -base64 32`,
      )
  return [isThere ? good('database', found) : bad('database', found, advice), key]
}
