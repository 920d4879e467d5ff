/** The tables as this version wants them: replicas that start together wait for the one that makes them. */
import { join } from 'node:path'
import type { ClientConfig } from 'pg'

const FOLDER = join(import.meta.dirname, 'migrations')
/** Names the advisory lock, within the database. */
const LOCK = 7_204_118_365

/** @param isMade is the schema there? To make one takes a right of the database that not every user has. */
export async function migrate(connection: ClientConfig, schema: string, isMade: boolean): Promise<void> {
  const { runner } = await import('node-pg-migrate')
  await runner({
    databaseUrl: connection,
    dir: FOLDER,
    direction: 'up',
    schema,
    createSchema: !isMade,
    migrationsSchema: schema,
    migrationsTable: 'migration',
    advisoryLockMode: 'wait',
    lockValue: LOCK,
    singleTransaction: true,
    logger: QUIET,
  })
}

const QUIET = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
