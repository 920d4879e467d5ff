/** A replica of an earlier version, as far as the server sees it: calls the functions of that time with what it sent then. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import type { Charge, Refund, SharedLimit } from '../../../src/replicas/ledger/ledger-calls.ts'

/** The second told of slices, and of several candidates. */
export type Version = 1 | 2

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

export async function connectOld(url: string, prefix: string, replica: string, version: Version): Promise<OldReplica> {
  const redis = new Redis(url)
  let isClosed = false
  const living = [`{${prefix}}:replicas`, ...(version === 2 ? [`{${prefix}}:replicas:2`] : [])]
  await redis.function('LOAD', readFileSync(new URL(`${version}.lua`, import.meta.url), 'utf8'))
  const call = async (name: string, keys: string[], args: (string | number)[]): Promise<string[]> =>
    (await redis.fcall(`balanced_call_${version}_${name}`, keys.length, ...keys, ...args)) as string[]
  const keysOf = (limits: readonly SharedLimit[]): string[] => limits.map(({ key }) => key)
  return {
    async acquire(lease, ttl, charges) {
      const ahead = version === 2 ? [0, 0] : []
      const args = charges.flatMap((each) => [...numbersOf(each, each.need), each.cost, ...ahead])
      const sizes = version === 2 ? [1, charges.length] : []
      const [now, , taken, , , mark] = await call('acquire', keysOf(charges), [lease, ttl, '0', ...sizes, ...args])
      return { admitted: taken === '1', at: Number(now), mark: Number(mark) }
    },
    settle(lease, refunds) {
      const args = refunds.flatMap((each) => [...numbersOf(each, 0), each.mark, each.back, each.more])
      return call('settle', keysOf(refunds), [lease, '0', 0, ...args])
    },
    async hello(ttl) {
      const told = await call('hello', living, [replica, ttl])
      return version === 2 ? told.slice(3, 3 + Number(told[2])) : told.slice(2)
    },
    async close() {
      if (isClosed) return
      isClosed = true
      await call('goodbye', living, [replica])
      redis.disconnect()
    },
  }
}

function numbersOf({ shape, amount, period, guard, capacity, frame }: SharedLimit, need: number): (string | number)[] {
  return [shape, amount, period, guard, capacity, ...frame, need]
}
