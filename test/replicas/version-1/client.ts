/** A replica of the first version, as far as the server sees it: calls the functions of that time with what it sent then. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Charge, Refund, SharedLimit } from '../../../src/replicas/ledger-calls.ts'

const SOURCE = new URL('ledger.lua', import.meta.url)

export interface OldReplica {
  /** All or nothing; `mark` is the first limit's. */
  acquire(
    lease: string,
    ttl: number,
    charges: readonly Charge[],
  ): Promise<{ admitted: boolean; at: number; mark: number }>
  settle(lease: string, refunds: readonly Refund[]): Promise<unknown>
  /** @returns the names of those who live */
  hello(ttl: number): Promise<string[]>
  close(): Promise<void>
}

export async function connectOld(url: string, prefix: string, replica: string): Promise<OldReplica> {
  const redis = new Redis(url)
  let isClosed = false
  const living = `{${prefix}}:replicas`
  await redis.function('LOAD', readFileSync(SOURCE, 'utf8'))
  const call = async (name: string, keys: string[], args: (string | number)[]): Promise<string[]> =>
    (await redis.fcall(`balanced_call_1_${name}`, keys.length, ...keys, ...args)) as string[]
  const keysOf = (limits: readonly SharedLimit[]): string[] => limits.map(({ key }) => key)
  return {
    async acquire(lease, ttl, charges) {
      const args = charges.flatMap((each) => [...numbersOf(each, each.need), each.cost])
      const [now, , admitted, , , mark] = await call('acquire', keysOf(charges), [lease, ttl, '0', ...args])
      return { admitted: admitted === '1', at: Number(now), mark: Number(mark) }
    },
    settle(lease, refunds) {
      const args = refunds.flatMap((each) => [...numbersOf(each, 0), each.mark, each.back, each.more])
      return call('settle', keysOf(refunds), [lease, '0', 0, ...args])
    },
    hello: async (ttl) => (await call('hello', [living], [replica, ttl])).slice(2),
    async close() {
      if (isClosed) return
      isClosed = true
      await call('goodbye', [living], [replica])
      redis.disconnect()
    },
  }
}

function numbersOf({ shape, amount, period, guard, capacity, frame }: SharedLimit, need: number): (string | number)[] {
  return [shape, amount, period, guard, capacity, ...frame, need]
}
