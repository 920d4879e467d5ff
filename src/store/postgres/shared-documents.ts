/** Documents that all replicas of one database share: each has a copy, told of changes, and changes one after another. */
import type { Change, DocumentKind, Documents, OtherChange } from '../documents.ts'
import type { Query, Transact } from './connections.ts'

export interface SharedDocuments {
  table(kind: DocumentKind): Documents
  /** Looks for what others have changed. Rejects where the server does not answer. */
  refresh(): Promise<void>
}

/** The advisory lock of those who change documents, within the database. */
const LOCK = 7_204_118_366
/** Days that it is remembered that a document is gone. */
const REMEMBERED = 30

type Listener = Parameters<Documents['onOthers']>[0]

interface Row {
  kind: DocumentKind
  id: string
  document: string | null
  version: string
}

type Select = (where: string, values: readonly unknown[]) => Promise<Row[]>

/** @param schema an identifier, which is also the name of the channel */
export function createSharedDocuments(schema: string, query: Query, transact: Transact): SharedDocuments {
  const tables: Record<DocumentKind, { known: Map<string, unknown>; listeners: Listener[] }> = {
    client_key: { known: new Map(), listeners: [] },
    provider_key: { known: new Map(), listeners: [] },
  }
  const select = `SELECT kind, id, document::text AS document, version::text AS version FROM "${schema}".document`
  const put = `INSERT INTO "${schema}".document (kind, id, document) VALUES ($1, $2, $3)
    ON CONFLICT (kind, id) DO UPDATE SET document = $3, version = nextval('"${schema}".document_version'), changed = now()
    RETURNING version::text AS version`
  let seen = 0n
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  async function look(ask: Query): Promise<void> {
    const rows: Select = async (where, values) => (await ask(`${select} ${where}`, values)) as Partial<Row>[] as Row[]
    const newer = await rows('WHERE version > $1 ORDER BY version', [String(seen)])
    if (newer.length > 0) return take(newer)
    const [newest] = await ask(`SELECT coalesce(max(version), 0)::text AS version FROM "${schema}".document`, [])
    // the server has an older state than we have seen: a copy was put back
    if (BigInt(String(newest?.['version'] ?? 0)) < seen) takeAll(await rows('', []))
  }

  function take(rows: readonly Row[]): void {
    const changes = new Map<DocumentKind, OtherChange[]>()
    for (const { kind, id, document, version } of rows) {
      if (BigInt(version) > seen) seen = BigInt(version)
      // of a later version
      if (!Object.hasOwn(tables, kind)) continue
      const { known } = tables[kind]
      const before = known.get(id)
      const now = document === null ? undefined : (JSON.parse(document) as unknown)
      if (now === undefined) known.delete(id)
      else known.set(id, now)
      if (before !== undefined || now !== undefined)
        changes.set(kind, [...(changes.get(kind) ?? []), { id, before, now }])
    }
    for (const [kind, list] of changes) for (const listener of tables[kind].listeners) listener(list)
  }

  function takeAll(rows: readonly Row[]): void {
    seen = 0n
    const there = new Set(rows.map(({ kind, id }) => `${kind} ${id}`))
    const gone = (Object.keys(tables) as DocumentKind[]).flatMap((kind) =>
      [...tables[kind].known.keys()]
        .filter((id) => !there.has(`${kind} ${id}`))
        .map((id): Row => ({ kind, id, document: null, version: '0' })),
    )
    take([...rows, ...gone])
  }

  async function change(kind: DocumentKind, decide: () => Change | undefined): Promise<void> {
    const { known } = tables[kind]
    let kept: (Change & { version: string }) | undefined
    await transact(async (ask) => {
      await ask('SELECT pg_advisory_xact_lock($1)', [LOCK])
      await look(ask)
      const decided = decide()
      if (!decided) return
      const { id, document } = decided
      const [row] = await ask(put, [kind, id, document === undefined ? null : JSON.stringify(document)])
      await ask(
        `DELETE FROM "${schema}".document WHERE document IS NULL AND changed < now() - interval '${REMEMBERED} days'`,
        [],
      )
      await ask('SELECT pg_notify($1, $2)', [schema, ''])
      kept = { ...decided, version: String(row?.['version']) }
    })
    if (!kept) return
    seen = BigInt(kept.version)
    if (kept.document === undefined) known.delete(kept.id)
    else known.set(kept.id, kept.document)
  }

  return {
    table: (kind) => ({
      all: () => tables[kind].known,
      change: (decide) => inTurn(() => change(kind, decide)),
      onOthers: (listener) => void tables[kind].listeners.push(listener),
    }),
    refresh: () => inTurn(() => look(query)),
  }
}
