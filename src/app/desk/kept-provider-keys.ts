/** Providers' keys that were added while a server ran, as they stand in its data folder: encrypted, one row each. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AddedKeys } from '../../config/sections/keys.ts'
import { MANAGED_FILE, openDocuments } from '../../store/document-table.ts'
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

/**
 * All of a folder, by provider, to be read with a configuration.
 * @param failed hears of those that cannot be opened; the others serve
 */
export function addedKeys(
  folder: string | undefined,
  env: Record<string, string | undefined>,
  failed: (why: string) => void,
): AddedKeys {
  const added: AddedKeys = {}
  if (folder === undefined || !existsSync(join(folder, MANAGED_FILE))) return added
  try {
    const file = openDocuments(folder)
    const rows = file.table('provider_key').all() as StoredProviderKey[]
    file.close()
    if (rows.length === 0) return added
    const vault = createVault(folder, env[SECRET_KEY])
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
