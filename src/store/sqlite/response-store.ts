/** Responses that clients asked to keep, in a SQLite file that all processes of a data folder share, or in memory. */

import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { KeptResponse, ResponseStore } from '../../api/responses/kept-response.ts'
import { openHealthy } from './healthy-file.ts'
import { makeFolder } from '../../runtime/make-folder.ts'

export interface ResponseStoreOptions {
  /** The data folder; in memory when absent. */
  folder?: string | undefined
  /** Bytes kept at most; the oldest go first. */
  most?: number
  /** Milliseconds since the epoch. */
  now?: () => number
  /** Hears where a file that was damaged is set aside, and why. */
  damaged?: (aside: string, why: string) => void
}

/** As long as OpenAI keeps them. */
const LIFE = 30 * 24 * 60 * 60 * 1000
const MOST_ON_DISK = 512 * 1024 * 1024
const MOST_IN_MEMORY = 64 * 1024 * 1024
/** A chain that is longer has no model that could read it. */
const MOST_TURNS = 1000
const NOBODY = ''

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 2000;
  CREATE TABLE IF NOT EXISTS response (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, client TEXT NOT NULL, previous TEXT, native INTEGER NOT NULL,
    made REAL NOT NULL, size INTEGER NOT NULL, items TEXT NOT NULL, response TEXT NOT NULL
  );
`

/** Throws where the folder cannot be written. */
export function openResponseStore(options: ResponseStoreOptions = {}): ResponseStore & { close(): void } {
  const { folder, now = Date.now, damaged = () => {} } = options
  const most = options.most ?? (folder === undefined ? MOST_IN_MEMORY : MOST_ON_DISK)
  if (folder !== undefined) makeFolder(folder)
  const database = folder === undefined ? inMemory() : openHealthy(join(folder, 'responses.sqlite'), SCHEMA, damaged)
  const find = database.prepare('SELECT * FROM response WHERE id = ? AND client = ? AND made > ?')
  const insert = database.prepare(
    'INSERT OR REPLACE INTO response (id, client, previous, native, made, size, items, response) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  )
  const remove = database.prepare('DELETE FROM response WHERE id = ? AND client = ?')
  const expire = database.prepare('DELETE FROM response WHERE made <= ?')
  const sum = database.prepare('SELECT coalesce(sum(size), 0) AS size FROM response')
  const oldest = database.prepare('SELECT number, size FROM response ORDER BY number LIMIT 1')
  const drop = database.prepare('DELETE FROM response WHERE number = ?')

  const store = {
    async get(id: string, client: string | undefined): Promise<KeptResponse | undefined> {
      const row = find.get(id, client ?? NOBODY, now() - LIFE)
      if (!row) return undefined
      return {
        id,
        client,
        previous: row['previous'] === null ? undefined : String(row['previous']),
        isNative: row['native'] === 1,
        items: JSON.parse(String(row['items'])) as unknown[],
        response: JSON.parse(String(row['response'])) as Record<string, unknown>,
      }
    },
    async conversation(id: string, client: string | undefined): Promise<KeptResponse[] | undefined> {
      const turns: KeptResponse[] = []
      for (let next: string | undefined = id; next !== undefined; next = turns[0]?.previous) {
        const kept = await store.get(next, client)
        if (!kept || turns.length >= MOST_TURNS) return undefined
        turns.unshift(kept)
      }
      return turns
    },
    put({ id, client, previous, isNative, items, response }: KeptResponse): void {
      const texts = [JSON.stringify(items), JSON.stringify(response)] as const
      const size = texts[0].length + texts[1].length
      if (size > most) return
      expire.run(now() - LIFE)
      let kept = Number(sum.get()?.['size'] ?? 0)
      while (kept + size > most) {
        const first = oldest.get()
        if (!first) break
        drop.run(Number(first['number']))
        kept -= Number(first['size'])
      }
      insert.run(id, client ?? NOBODY, previous ?? null, isNative ? 1 : 0, now(), size, ...texts)
    },
    delete: async (id: string, client: string | undefined): Promise<boolean> =>
      remove.run(id, client ?? NOBODY).changes > 0,
    close: () => database.close(),
  }
  return store
}

function inMemory(): DatabaseSync {
  // loaded at the first response that is kept
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
  const database = new DatabaseSync(':memory:')
  database.exec(SCHEMA)
  return database
}
