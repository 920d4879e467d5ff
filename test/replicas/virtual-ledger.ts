/** A ledger whose server goes by a clock that a test sets. */
import { readFileSync } from 'node:fs'
import { Redis } from 'ioredis'
import { connectLedger, type Ledger, type LedgerOptions } from '../../src/replicas/ledger/ledger.ts'
import type { Replicas } from '../../src/replicas/replicated-scheduler.ts'
import { microtasksDone, virtualClock, type VirtualClock } from '../../src/scheduler/simulator/virtual-clock.ts'

const CLOCK = 'test:clock'
const BORN = 'test:born'

/** The functions, with their clock replaced. */
export function virtualSource(): string {
  const source = readFileSync(new URL('../../src/replicas/ledger/ledger.lua', import.meta.url), 'utf8')
  const own = "local time = redis.call('TIME')"
  const info = "redis.pcall('INFO', 'server')"
  if (!source.includes(own) || !source.includes(info)) throw new Error('the ledger reads its clock in another way')
  return source
    .replace(own, `local told = tonumber(redis.call('GET', '${CLOCK}'))\n  local time = { 0, told * 1000 }`)
    .replace(info, `'run_id:' .. (redis.call('GET', '${BORN}') or 'a')`)
}

export interface ServerClock {
  /** Milliseconds since 1970. */
  set(now: number): Promise<void>
  /** The server is as one that was started anew. @param name in hexadecimal digits */
  bear(name: string): Promise<void>
  /** It has lost its data. */
  forget(): Promise<void>
  close(): void
}

export function serverClock(url: string): ServerClock {
  const redis = new Redis(url)
  return {
    async set(now) {
      await redis.set(CLOCK, now)
    },
    async bear(name) {
      await redis.set(BORN, name)
      await redis.function('LOAD', 'REPLACE', virtualSource())
    },
    async forget() {
      for (const key of await redis.keys('{*')) await redis.del(key)
    },
    close: () => redis.disconnect(),
  }
}

export interface TimedCalls {
  clock: VirtualClock
  /** Ledgers that are made here do not answer while it is. */
  isAway: boolean
  /** From now on calls are held up on their way, and given up after so many milliseconds. */
  hold(patience: number): void
  /** What was held up goes on, also what was given up: the calls of one ledger after those of another, in their order. */
  resume(): Promise<void>
  connect(options: Pick<LedgerOptions, 'prefix' | 'replica'>, replicas: () => Replicas): Promise<Ledger>
  server: ServerClock
}

/** A virtual clock that stands still until each call is answered, by a server that knows the time. */
export function timedCalls(url: string, epoch: number): TimedCalls {
  const calls = { underWay: 0 }
  const server = serverClock(url)
  const clock = virtualClock(epoch, async () => {
    do await microtasksDone()
    while (calls.underWay > 0)
  })
  let patience: number | undefined
  /** Of each ledger. */
  const held: (() => Promise<void>)[][] = []

  /** Settles as the call does, or when it is given up. */
  function holdUp<T>(call: () => Promise<T>, queue: (() => Promise<void>)[], lasts: number): Promise<T> {
    return new Promise((resolve, reject) => {
      clock.setTimer(clock.now() + lasts, () => reject(new Error('no answer')), false)
      queue.push(() => call().then(resolve, reject))
    })
  }

  async function called<T>(call: () => Promise<T>, queue: (() => Promise<void>)[]): Promise<T> {
    if (timed.isAway) throw new Error('no answer')
    if (patience !== undefined) return holdUp(call, queue, patience)
    calls.underWay++
    try {
      await server.set(clock.wall())
      return await call()
    } finally {
      calls.underWay--
    }
  }
  const timed: TimedCalls = {
    clock,
    server,
    isAway: false,
    hold: (lasts) => void (patience = lasts),
    async resume() {
      patience = undefined
      await server.set(clock.wall())
      for (const queue of held) for (const call of queue.splice(0)) await call()
    },
    async connect(options, replicas) {
      const ledger = await connectLedger({
        ...options,
        url,
        timeout: 20_000,
        wall: () => clock.wall(),
        freed: (told) => replicas().freed(told),
        said: (text) => replicas().hear(text),
        failed: () => {},
        source: virtualSource(),
      })
      const queue: (() => Promise<void>)[] = []
      held.push(queue)
      return {
        ...ledger,
        acquire: (...args) => called(() => ledger.acquire(...args), queue),
        settle: (...args) => called(() => ledger.settle(...args), queue),
        peek: (...args) => called(() => ledger.peek(...args), queue),
        merge: (...args) => called(() => ledger.merge(...args), queue),
        heard: (...args) => called(() => ledger.heard(...args), queue),
        hello: (...args) => called(() => ledger.hello(...args), queue),
        say: (...args) => called(() => ledger.say(...args), queue),
      }
    },
  }
  return timed
}
