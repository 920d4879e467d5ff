/**
 * Loaded into a replica before its own code (`--import`): each request to an upstream says in a header when the ledger gave its
 * lease, so that a strict provider can tell a lease too many from one that merely came late.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe } from 'node:diagnostics_channel'
import { registerHooks } from 'node:module'
import { connectLedger as connect, type Ledger, type LedgerOptions } from '../../src/replicas/ledger/ledger.ts'
import { LEASE_HEADER } from './lease-moments.ts'

/** Of the request that is served: the ledger's moment of its last lease; none of one that was given in the ledger's absence. */
const served = new AsyncLocalStorage<{ moment?: number }>()

subscribe('http.server.request.start', () => served.enterWith({}))

// Who connects to the ledger gets the one below.
registerHooks({
  resolve(specifier, context, next) {
    const isTheirs = specifier === './ledger/ledger.ts' && context.parentURL?.endsWith('/replicas/connect.ts') === true
    return isTheirs ? { url: import.meta.url, shortCircuit: true } : next(specifier, context)
  },
})

export async function connectLedger(options: LedgerOptions): Promise<Ledger> {
  const ledger = await connect(options)
  return {
    ...ledger,
    async acquire(...args) {
      const store = served.getStore()
      delete store?.moment
      const told = await ledger.acquire(...args)
      if (store && told.taken >= 0) store.moment = told.at
      return told
    },
  }
}

subscribe('undici:request:create', (message) => {
  const { request } = message as { request: { addHeader: (name: string, value: string) => void } }
  const store = served.getStore()
  if (store) request.addHeader(LEASE_HEADER, `${store.moment ?? ''},${Date.now()}`)
})
