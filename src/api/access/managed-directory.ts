/** Keys that are managed at run time, as this process knows them: told by the owner of the scheduler whenever one changes. */
import type { ManagedClient } from '../../runtime/administration.ts'
import type { ClientAccess, ManagedKeys } from './client-directory.ts'

export interface ManagedDirectory extends ManagedKeys {
  /** Those that are new, or other than before. */
  put(clients: readonly ManagedClient[]): void
}

type Owner = NonNullable<ReturnType<ManagedKeys['find']>>

export function createManagedDirectory(): ManagedDirectory {
  const clients = new Map<string, ManagedClient>()
  const owners = new Map<string, Owner>()
  const accesses = new Map<string, ClientAccess>()

  function put(client: ManagedClient): void {
    const before = clients.get(client.id)
    for (const { hash } of before?.secrets ?? []) owners.delete(hash)
    clients.set(client.id, client)
    for (const { hash, expires } of client.secrets) owners.set(hash, ownerOf(client, expires))
    // another key may have got the name of one that is revoked
    if (!client.isRevoked) accesses.set(client.client, client.access)
  }

  return {
    put: (changed) => changed.forEach(put),
    find: (hash) => owners.get(hash),
    accessOf: (client) => accesses.get(client),
    // one that is revoked counts, too: with the last of them the server must not open to everybody
    size: () => owners.size,
  }
}

function ownerOf({ client, isRevoked, access }: ManagedClient, expires = Infinity): Owner {
  const end = Math.min(expires, access.expires ?? Infinity)
  return { client, isRevoked, ...(end !== Infinity && { expires: end }) }
}
