/** Providers' keys that were added while a server ran, as they are kept: encrypted, one document each. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AddedKeys } from '../../config/config.ts'
import type { Documents } from '../../store/documents.ts'
import { MANAGED_FILE, openDocuments } from '../../store/sqlite/document-file.ts'
import { createVault, SECRET_KEY, type Vault } from '../../store/vault.ts'

export interface StoredProviderKey {
  id: string
  provider: string
  /** `acme#5f0c1a`: in logs, reports and counts. */
  name: string
  /** A text, or the parts of a compound credential as JSON. */
  sealed: string
  /** What may be shown of it. */
  masked: string
  /** What stands beside a key in the configuration. */
  beside: { weight?: number; account?: string; limits?: unknown }
  created: number
}

/** What a secret is sealed for: a row that is moved to another provider does not open. */
export function aboutOf({ id, provider }: Pick<StoredProviderKey, 'id' | 'provider'>): string {
  return `${id} of ${provider}`
}

export function openKey(key: StoredProviderKey, vault: Vault): string | Record<string, string> {
  return JSON.parse(vault.open(key.sealed, aboutOf(key))) as string | Record<string, string>
}

/** Where they are kept: what several replicas share, or the data folder of one. */
export interface KeyPlace {
  shared?: Documents | undefined
  folder?: string | undefined
}

/**
 * All that are kept, by provider, to be read with a configuration.
 * @param failed hears of those that cannot be opened; the others serve
 */
export function addedKeys(
  place: KeyPlace,
  env: Record<string, string | undefined>,
  failed: (why: string) => void,
): AddedKeys {
  const added: AddedKeys = {}
  try {
    const rows = rowsOf(place)
    if (rows.length === 0) return added
    const vault = vaultOf(place, env[SECRET_KEY], rows[0]?.sealed)
    for (const row of rows) {
      try {
        const key = openKey(row, vault)
        ;(added[row.provider] ??= []).push({ name: row.name, written: { key, ...row.beside } })
      } catch {
        failed(`${row.name}: not sealed by this ${SECRET_KEY}, or damaged`)
      }
    }
  } catch (cause) {
    failed(cause instanceof Error ? cause.message : String(cause))
  }
  return added
}

/** Throws for a key that is too short or that others may read, and where there has to be one and is none. */
export function vaultOf({ shared, folder }: KeyPlace, given: string | undefined, sealed?: string): Vault {
  if (!shared && folder !== undefined) return createVault(folder, given, sealed)
  if (given) return createVault('', given, sealed)
  throw new Error(`set ${SECRET_KEY}, the same for all replicas: it encrypts what they share in the database`)
}

function rowsOf({ shared, folder }: KeyPlace): StoredProviderKey[] {
  if (shared) return [...(shared.all() as ReadonlyMap<string, StoredProviderKey>).values()]
  if (folder === undefined || !existsSync(join(folder, MANAGED_FILE))) return []
  const file = openDocuments(folder)
  try {
    return [...(file.table('provider_key').all() as ReadonlyMap<string, StoredProviderKey>).values()]
  } finally {
    file.close()
  }
}
