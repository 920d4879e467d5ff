/**
 * What has changed since the journal last asked, by what it belongs to. Leases themselves are not kept: those of a second
 * would outlive the young generation of the heap.
 */
import type { Client } from '../topology/clients.ts'
import type { KeyGroup } from '../topology/key-group.ts'
import type { LeaseRecord } from '../lease/lease.ts'
import type { Pool } from '../topology/pool.ts'
import type { Key } from '../topology/provider.ts'

export class ChangeSet {
  readonly keyGroups = new Map<KeyGroup, { readonly pool: Pool; readonly slots: Set<number> }>()
  readonly clients = new Set<Client>()
  /** Those that an operator switched. */
  readonly keys = new Set<Key>()

  /** By a lease that began or ended. */
  add({ pool, keyGroup, slot, item }: LeaseRecord): void {
    let entry = this.keyGroups.get(keyGroup)
    if (!entry) this.keyGroups.set(keyGroup, (entry = { pool, slots: new Set() }))
    entry.slots.add(slot)
    if (item.client.scopes.length > 0) this.clients.add(item.client)
  }
}
