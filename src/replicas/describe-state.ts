/** What `check` says of the shared state: whether the server answers, in what version, and how fast. */
import type { StateConfig } from '../config/config.ts'
import { placeOf } from './ledger/connection.ts'
import { connectLedger } from './ledger/ledger.ts'

/** Milliseconds that a server may take for its first answer. */
const PATIENCE = 3000

export async function describeState(config: StateConfig): Promise<{ isThere: boolean; text: string }> {
  const where = placeOf(config.url)
  let fault: Error | undefined
  const ledger = await connectLedger({
    ...config,
    timeout: PATIENCE,
    replica: 'check',
    wall: Date.now,
    freed: () => {},
    said: () => {},
    failed: (error) => (fault ??= error),
  })
  try {
    await ledger.hello(1, [])
    const sent = performance.now()
    const { names } = await ledger.hello(1, [])
    const took = (performance.now() - sent).toFixed(1)
    const others = names.filter((name) => name !== 'check').length
    const version = await ledger.version()
    await ledger.listening
    return { isThere: true, text: `shared state: ${version} at ${where} answers in ${took} ms; ${counted(others)}` }
  } catch (error) {
    const why = (fault ?? (error as Error)).message.replace(/\.$/, '')
    return { isThere: false, text: `shared state: ${where} cannot be used: ${why}. See state.url.` }
  } finally {
    await ledger.close()
  }
}

function counted(others: number): string {
  return others === 1 ? '1 replica is there' : `${others} replicas are there`
}
