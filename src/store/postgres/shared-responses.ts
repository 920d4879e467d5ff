/** Responses that clients asked to keep, in a database that replicas share: written behind, read by any of them. */
import { setTimeout as pause } from 'node:timers/promises'
import type { KeptResponse, ResponseStore } from '../../api/responses/kept-response.ts'
import type { Query } from './connections.ts'
import { soundText } from './json-text.ts'
import { createWriteBehind } from './write-behind.ts'

export interface SharedResponsesOptions {
  /** Bytes kept at most; the oldest go first. */
  most?: number
  /** Milliseconds since the epoch. */
  wall: () => number
  /** Hears what went wrong, once for as long as it is so. */
  failed: (why: string) => void
  /** Hears that they are written again, and how many were lost meanwhile. */
  again: (lost: number) => void
}

export interface SharedResponsesParts extends Omit<SharedResponsesOptions, 'failed'> {
  failed: (cause: unknown) => void
  schema: string
  query: Query
  /** A question alone. Rejects in words for people. */
  ask: Query
  /** The same for what changes something. */
  remove: Query
}

/** As long as OpenAI keeps them. */
const LIFE = 30 * 24 * 60 * 60 * 1000
const MOST = 512 * 1024 * 1024
/** A chain that is longer has no model that could read it. */
const MOST_TURNS = 1000
const NOBODY = ''
/** Milliseconds until one that another replica has just answered is looked for again. */
const PAUSES = [50, 150, 300]

interface Row {
  client: string
  id: string
  previous: string | null
  native: boolean
  made: number
  size: number
  items: string
  response: string
}

export function createSharedResponses(parts: SharedResponsesParts): ResponseStore & { close(): Promise<void> } {
  const { schema, query, ask, remove, wall, failed, again, most = MOST } = parts
  const table = `"${schema}".response`
  const behind = createWriteBehind<Row>({
    // the next request of the same client may come to another replica at once
    behind: 0,
    sizeOf: ({ size }) => size,
    async write({ rows }) {
      const newest = new Map(rows.map((row) => [JSON.stringify([row.client, row.id]), row]))
      const columns = ['client', 'id', 'previous', 'native', 'made', 'size', 'items', 'response'] as const
      const types = ['text', 'text', 'text', 'boolean', 'float8', 'float8', 'text', 'text']
      await query(
        `INSERT INTO ${table} (${columns.join(', ')})
         SELECT * FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')})
         ON CONFLICT (client, id) DO UPDATE SET previous = excluded.previous, native = excluded.native, made = excluded.made,
           size = excluded.size, items = excluded.items, response = excluded.response`,
        columns.map((name) => [...newest.values()].map((row) => row[name])),
      )
    },
    async tidy() {
      await query(`DELETE FROM ${table} WHERE made <= $1`, [wall() - LIFE])
      await query(
        `DELETE FROM ${table} WHERE number <= (
          SELECT number FROM (SELECT number, sum(size) OVER (ORDER BY number DESC) AS above FROM ${table}) AS kept
          WHERE above > $1 ORDER BY number DESC LIMIT 1)`,
        [most],
      )
    },
    wall,
    failed,
    again,
  })

  function waitingOne(id: string, client: string): Row | undefined {
    let found: Row | undefined
    for (const row of behind.rows()) if (row.id === id && row.client === client) found = row
    return found
  }

  /** From the first to the last, as far back as they are there. */
  async function chain(last: string, client: string, turns: number): Promise<Row[]> {
    const found: Row[] = []
    let next: string | null = last
    for (let row; next !== null && found.length < turns && (row = waitingOne(next, client)); next = row.previous)
      found.unshift(row)
    if (next === null || found.length >= turns) return found
    const rows = await ask(
      `WITH RECURSIVE turn AS (
         SELECT *, 1 AS depth FROM ${table} WHERE client = $1 AND id = $2 AND made > $3
         UNION ALL
         SELECT response.*, depth + 1 FROM turn JOIN ${table} AS response
           ON response.client = turn.client AND response.id = turn.previous AND response.made > $3 WHERE depth < $4
       ) SELECT client, id, previous, native, made, size, items, response FROM turn ORDER BY depth DESC`,
      [client, next, wall() - LIFE, turns - found.length],
    )
    return [...(rows as Partial<Row>[] as Row[]), ...found]
  }

  /** What another replica has just answered may be on its way. */
  async function patiently<T>(read: () => Promise<T | undefined>): Promise<T | undefined> {
    let found = await read()
    for (const time of PAUSES) {
      if (found !== undefined) break
      await pause(time)
      found = await read()
    }
    return found
  }

  return {
    get: (id, name) =>
      patiently(async () => {
        const [row] = await chain(soundText(id), clientOf(name), 1)
        return row && keptOf(row, id, name)
      }),
    conversation: (id, name) =>
      patiently(async () => {
        const rows = await chain(soundText(id), clientOf(name), MOST_TURNS)
        return rows[0]?.previous === null ? rows.map((row) => keptOf(row, row.id, name)) : undefined
      }),
    put({ id, client, previous, isNative, items, response }) {
      const texts = { items: JSON.stringify(items), response: JSON.stringify(response) }
      const size = texts.items.length + texts.response.length
      if (size > most) return
      const before = previous === undefined ? null : soundText(previous)
      const made = wall()
      behind.add({
        client: clientOf(client),
        id: soundText(id),
        previous: before,
        native: isNative,
        made,
        size,
        ...texts,
      })
    },
    async delete(id, client) {
      const key = [clientOf(client), soundText(id)] as const
      if (waitingOne(key[1], key[0])) await behind.tried()
      const gone = await remove(`DELETE FROM ${table} WHERE client = $1 AND id = $2 RETURNING 1`, key)
      return gone.length > 0
    },
    close: behind.close,
  }
}

function clientOf(name: string | undefined): string {
  return name === undefined ? NOBODY : soundText(name)
}

function keptOf({ previous, native, items, response }: Row, id: string, client: string | undefined): KeptResponse {
  return {
    id,
    client,
    previous: previous ?? undefined,
    isNative: native,
    items: JSON.parse(items) as unknown[],
    response: JSON.parse(response) as Record<string, unknown>,
  }
}
