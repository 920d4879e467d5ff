/** Whose key a key is, and what its client may have: those of the configuration, and those that are managed at run time. */
import { createHash } from 'node:crypto'

export interface ClientAccess {
  /** Names of models that it may use, with `*`; absent: all. */
  models?: readonly string[]
  /** Milliseconds that its requests wait for a key, where they do not say. */
  maxWait?: number
  /** Milliseconds since the epoch, from when on its keys open nothing. */
  expires?: number
  /** What it asks and gets is logged. */
  logsBodies?: boolean
  tags: readonly string[]
}

/** Keys that come and go while the server runs. */
export interface ManagedKeys {
  /** @param hash SHA-256 in hex */
  find(hash: string): { client: string; expires?: number; isRevoked: boolean } | undefined
  accessOf(client: string): ClientAccess | undefined
  size(): number
}

export interface ClientDirectoryParts {
  /** From each key to its client's name. */
  names: ReadonlyMap<string, string>
  /** The same by the keys' SHA-256 in hex. */
  hashes?: ReadonlyMap<string, string>
  accesses?: ReadonlyMap<string, ClientAccess>
  managed?: ManagedKeys | undefined
}

export interface ClientDirectory {
  /** Without any, anyone may call. */
  hasKeys(): boolean
  find(key: string): Owner | undefined
  accessOf(client: string | undefined): ClientAccess | undefined
}

export interface Owner {
  client: string
  /** Milliseconds since the epoch. */
  expires?: number
  isRevoked?: boolean
}

export function createClientDirectory({ names, hashes, accesses, managed }: ClientDirectoryParts): ClientDirectory {
  const accessOf = (client: string | undefined): ClientAccess | undefined =>
    client === undefined ? undefined : (accesses?.get(client) ?? managed?.accessOf(client))
  const ownerOf = (client: string): Owner => {
    const expires = accesses?.get(client)?.expires
    return expires === undefined ? { client } : { client, expires }
  }
  // one object for each key, not for each request
  const owners = new Map([...names].map(([key, client]) => [key, ownerOf(client)]))
  const byHash = new Map([...(hashes ?? [])].map(([hash, client]) => [hash, ownerOf(client)]))
  return {
    hasKeys: () => owners.size > 0 || byHash.size > 0 || (managed?.size() ?? 0) > 0,
    find(key) {
      // A map compares texts only where their hashes agree, and those are seeded anew in each process: the time tells
      // nothing of how much of a key was right.
      const known = owners.get(key)
      if (known || (byHash.size === 0 && !managed?.size())) return known
      const hash = createHash('sha256').update(key).digest('hex')
      return byHash.get(hash) ?? managed?.find(hash)
    },
    accessOf,
  }
}
