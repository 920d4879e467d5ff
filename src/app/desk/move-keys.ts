/** Keys that were made in a data folder, copied to the database that replicas share: the folder keeps its own. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DocumentKind, Documents, DocumentStore } from '../../store/documents.ts'
import { MANAGED_FILE, openDocuments } from '../../store/sqlite/document-file.ts'
import { createVault, KEY_FILE, SECRET_KEY } from '../../store/vault.ts'
import type { StoredKey } from './client-key-entry.ts'
import { aboutOf, type StoredProviderKey, vaultOf } from './kept-provider-keys.ts'

type Env = Record<string, string | undefined>

export interface Moved {
  /** Names of those that were copied. */
  moved: string[]
  left: { name: string; why: string }[]
}

/** Names of those in the folder that the database has not. */
export function keysLeft(folder: string, shared: Pick<DocumentStore, 'table'>): string[] {
  const { clients, providers } = keysIn(folder)
  return [...missing(clients, shared, 'client_key'), ...missing(providers, shared, 'provider_key')].map(
    ({ name }) => name,
  )
}

/** Rejects where the database does not keep them; those before are kept. */
export async function moveKeys(folder: string, shared: Pick<DocumentStore, 'table'>, env: Env): Promise<Moved> {
  const { clients, providers } = keysIn(folder)
  const done: Moved = { moved: [], left: [] }
  const keep = async (documents: Documents, key: { id: string; name: string }, twin: () => boolean): Promise<void> => {
    let why = ''
    await documents.change(() => {
      why = documents.all().has(key.id) ? 'it is there' : twin() ? 'another one has its name' : ''
      return why === '' ? { id: key.id, document: key } : undefined
    })
    if (why === '') done.moved.push(key.name)
    else done.left.push({ name: key.name, why })
  }
  for (const key of missing(clients, shared, 'client_key')) {
    const documents = shared.table('client_key')
    await keep(documents, key, () => key.revoked === undefined && isNamed(documents, key))
  }
  const rows = missing(providers, shared, 'provider_key')
  const documents = shared.table('provider_key')
  for (const key of rows) {
    try {
      await keep(documents, resealed(key, folder, documents, env), () => isNamed(documents, key))
    } catch (cause) {
      if (!(cause instanceof Unopened)) throw cause
      done.left.push({ name: key.name, why: cause.message })
    }
  }
  return done
}

function keysIn(folder: string): { clients: StoredKey[]; providers: StoredProviderKey[] } {
  if (!existsSync(join(folder, MANAGED_FILE))) return { clients: [], providers: [] }
  const file = openDocuments(folder)
  try {
    return {
      clients: [...(file.table('client_key').all() as ReadonlyMap<string, StoredKey>).values()],
      providers: [...(file.table('provider_key').all() as ReadonlyMap<string, StoredProviderKey>).values()],
    }
  } finally {
    file.close()
  }
}

function missing<Key extends { id: string }>(
  keys: readonly Key[],
  shared: Pick<DocumentStore, 'table'>,
  kind: DocumentKind,
): Key[] {
  const there = shared.table(kind).all()
  return keys.filter(({ id }) => !there.has(id))
}

function isNamed(documents: Documents, { name }: { name: string }): boolean {
  const others = documents.all().values() as Iterable<{ name: string; revoked?: number }>
  return [...others].some((other) => other.name === name && other.revoked === undefined)
}

class Unopened extends Error {}

/** By what all replicas have, where the folder had a key of its own. */
function resealed(key: StoredProviderKey, folder: string, shared: Documents, env: Env): StoredProviderKey {
  const about = aboutOf(key)
  const [first] = (shared.all() as ReadonlyMap<string, StoredProviderKey>).values()
  try {
    const vault = vaultOf({ shared }, env[SECRET_KEY], first?.sealed)
    return { ...key, sealed: vault.seal(openedBy(secretsOf(folder, env), key, folder), about) }
  } catch (cause) {
    throw new Unopened(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

/** Undefined is the folder's own. */
function secretsOf(folder: string, env: Env): (string | undefined)[] {
  return [env[SECRET_KEY], ...(existsSync(join(folder, KEY_FILE)) ? [undefined] : [])]
}

/** @param secrets each of which may have sealed it */
function openedBy(secrets: readonly (string | undefined)[], key: StoredProviderKey, folder: string): string {
  for (const secret of secrets) {
    try {
      return createVault(folder, secret, key.sealed).open(key.sealed, aboutOf(key))
    } catch {
      // the next one
    }
  }
  throw new Error(`neither ${SECRET_KEY} nor ${join(folder, KEY_FILE)} opens it`)
}
