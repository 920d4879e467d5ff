/**
 * Loaded into a replica before its own code (`--import`): each request to an upstream says in a header when the ledger gave its
 * lease, so that a strict provider can tell a lease too many from one that merely came late.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { Redis } from 'ioredis'
import { LEASE_HEADER } from './lease-moments.ts'

/** Of the request that is served: the ledger's moment of its last lease; none of one that was given in the ledger's absence. */
const served = new AsyncLocalStorage<{ moment?: number }>()

subscribe('http.server.request.start', () => served.enterWith({}))

const fcall = Redis.prototype.fcall as (this: Redis, name: string, ...rest: unknown[]) => Promise<unknown>
Redis.prototype.fcall = async function (this: Redis, name: string, ...rest: unknown[]): Promise<unknown> {
  const store = served.getStore()
  const isAcquire = name.endsWith('_acquire')
  if (store && isAcquire) delete store.moment
  const told = await fcall.call(this, name, ...rest)
  // now, born, which candidate was taken
  if (store && isAcquire && Array.isArray(told) && told[2] !== '0') store.moment = Number(told[0])
  return told
} as Redis['fcall']

subscribe('undici:request:create', (message) => {
  const { request } = message as { request: { addHeader: (name: string, value: string) => void } }
  const store = served.getStore()
  if (store) request.addHeader(LEASE_HEADER, `${store.moment ?? ''},${Date.now()}`)
})
