/** A ledger whose server goes by a clock that a test sets. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'

const CLOCK = 'test:clock'

/** The functions, with their clock replaced. */
export function virtualSource(): string {
  const source = readFileSync(new URL('../../src/replicas/ledger/ledger.lua', import.meta.url), 'utf8')
  const own = "local time = redis.call('TIME')"
  if (!source.includes(own)) throw new Error('the ledger reads its clock in another way')
  return source.replace(own, `local told = tonumber(redis.call('GET', '${CLOCK}'))\n  local time = { 0, told * 1000 }`)
}

export interface ServerClock {
  /** Milliseconds since 1970. */
  set(now: number): Promise<void>
  close(): void
}

export function serverClock(url: string): ServerClock {
  const redis = new Redis(url)
  return {
    async set(now) {
      await redis.set(CLOCK, now)
    },
    close: () => redis.disconnect(),
  }
}
