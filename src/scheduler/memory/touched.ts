/**
 * What has changed since the journal last asked, by what it belongs to. Leases themselves are not kept: those of a second
 * would outlive the young generation of the heap.
 */
import type { Client } from '../clients.ts'
import type { Lane } from '../lane.ts'
import type { LeaseRecord } from '../lease.ts'
import type { Pool } from '../pool.ts'
import type { Key } from '../provider.ts'

export class Touched {
  readonly lanes = new Map<Lane, { readonly pool: Pool; readonly slots: Set<number> }>()
  readonly clients = new Set<Client>()
  /** Those that an operator switched. */
  readonly keys = new Set<Key>()

  /** By a lease that began or ended. */
  add({ pool, lane, slot, item }: LeaseRecord): void {
    let touched = this.lanes.get(lane)
    if (!touched) this.lanes.set(lane, (touched = { pool, slots: new Set() }))
    touched.slots.add(slot)
    if (item.client.scope) this.clients.add(item.client)
  }
}
