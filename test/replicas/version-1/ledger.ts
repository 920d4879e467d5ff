/**
 * The limits that replicas share, on a server of the Redis protocol (Redis 7, Valkey): each call is one function on that
 * server, all or nothing, by its clock. Calls of one turn of the event loop go out together.
 */
import { readFileSync } from 'node:fs'
import { Redis, type RedisOptions } from 'ioredis'

const SOURCE = new URL('ledger.lua', import.meta.url)
const NAME = 'balanced_call_1'

export type SharedShape = 'bucket' | 'sliding' | 'fixed' | 'places'

/** One limit as the server is to see it. Milliseconds; units of the metric. */
export interface SharedLimit {
  /** Where the server keeps it. */
  key: string
  shape: SharedShape
  amount: number
  period: number
  /** How far apart the network may move two requests. */
  guard: number
  /** What a full bucket holds. */
  capacity: number
  /** Of fixed windows: start and end of the one that holds this moment, and the end of the next one. */
  frame: readonly [from: number, to: number, next: number]
}

export interface Charge extends SharedLimit {
  /** Units that must be free, and those that are charged. */
  need: number
  cost: number
}

export interface Refund extends SharedLimit {
  /** When it was charged, as `acquire` told. */
  mark: number
  /** Units to give back there; fewer than none charges more. */
  back: number
  /** Units to charge now. */
  more: number
}

/** What the server knows of a limit: numbers of its window, as `Window.load` reads them, or how many places are taken. */
export interface SharedState {
  key: string
  shape: SharedShape
  /** Of the server's clock, in milliseconds. */
  mark: number
  /** By the clock of this process. */
  state: number[]
}

interface Told {
  /** The server's clock, in milliseconds since 1970. */
  at: number
  /** Changes when another server answers, or the same one after a restart. */
  born: string
  states: SharedState[]
}

export interface Acquired extends Told {
  admitted: boolean
  /** Milliseconds until the limit at `worst` has room; 0 when admitted. */
  wait: number
  worst: number
}

export interface LedgerOptions {
  url: string
  /** Before each key; all of them lie in one slot of a cluster. */
  prefix: string
  /** Milliseconds that one call may take. */
  timeout: number
  /** Name of this replica. */
  replica: string
  /** Wall-clock milliseconds of this process. */
  wall: () => number
  /** Others have given something back that was asked for here. */
  freed: (told: { key: string; born: string; text: string }) => void
  /** What other replicas say. */
  said: (text: string) => void
  /** Hears what went wrong with the connection; never a password. */
  failed: (error: Error) => void
}

export interface Ledger {
  /** @param ttl milliseconds that places are kept for a replica that says nothing; `force` takes whatever there is */
  acquire(lease: string, ttl: number, charges: readonly Charge[], force?: boolean): Promise<Acquired>
  /** @param once milliseconds for which a repetition of this call does nothing */
  settle(lease: string, refunds: readonly Refund[], once?: number): Promise<Told>
  peek(limits: readonly SharedLimit[]): Promise<Told>
  /** Lowers what is free to what this replica knows. */
  merge(limits: readonly (SharedLimit & { room: number })[]): Promise<Told>
  /** This replica lives, and so do its places. Gives the names of those who live. */
  hello(
    ttl: number,
    places: readonly { key: string; lease: string; ttl: number }[],
  ): Promise<Told & { names: string[] }>
  /** To all other replicas. */
  say(text: string): Promise<void>
  /** `Redis 7.0.15` or `Valkey 8.1.0`. */
  version(): Promise<string>
  keyOf(...parts: readonly string[]): string
  /** A state that `freed` told, as `SharedState` has it. */
  read(shape: SharedShape, text: string): number[]
  /** Milliseconds of this process's clock less the server's. */
  offset(): number
  close(): Promise<void>
}

export async function connectLedger(options: LedgerOptions): Promise<Ledger> {
  const { prefix, timeout, replica, wall } = options
  const tag = `{${prefix}}`
  const common: RedisOptions = {
    lazyConnect: true,
    connectTimeout: 2000,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (times) => Math.min(50 * times, 1000),
  }
  const redis = new Redis(protocolOf(options.url), { ...common, commandTimeout: timeout, enableAutoPipelining: true })
  const listener = new Redis(protocolOf(options.url), {
    ...common,
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
  })
  const source = readFileSync(SOURCE, 'utf8')
  let offset = 0
  const heard = (error: Error): void => options.failed(error)
  redis.on('error', heard)
  listener.on('error', heard)
  // One that is not there yet is tried again and again, and so is each call.
  await redis.connect().catch(heard)
  listener.connect().catch(heard)

  async function call(name: string, keys: readonly string[], args: readonly (string | number)[]): Promise<string[]> {
    const run = (): Promise<unknown> => redis.fcall(`${NAME}_${name}`, keys.length, ...keys, ...args)
    try {
      return (await run()) as string[]
    } catch (error) {
      // A server that was started anew without its data, or one that took over before the functions came.
      if (!(error instanceof Error) || !/function not found/i.test(error.message)) throw error
      await install()
      return (await run()) as string[]
    }
  }

  async function install(): Promise<void> {
    try {
      await redis.function('LOAD', source)
    } catch (error) {
      // Another replica was faster. Loading it again would make the server look like a new one.
      if (!(error instanceof Error) || !/already exists/i.test(error.message)) throw error
    }
  }

  /** The clock of this process runs beside the server's; only what the network takes is not known. */
  function follow(now: string | undefined): void {
    offset = wall() - Number(now)
  }

  function read(shape: SharedShape, text: string): number[] {
    const list = text.split(',').map(Number)
    if (shape === 'places') return list
    // Frames are boundaries of the calendar, not readings of a clock.
    if (shape === 'fixed') return [list[0] ?? 0, list[2] ?? 0]
    if (shape === 'bucket') return [(list[0] ?? 0) + offset, list[1] ?? 0]
    return list.slice(1).map((value, index) => (index % 2 === 0 ? value + offset : value))
  }

  function statesOf(limits: readonly SharedLimit[], words: readonly string[]): SharedState[] {
    return limits.map(({ key, shape }, index) => ({
      key,
      shape,
      mark: Number(words[index * 2] ?? 0),
      state: read(shape, words[index * 2 + 1] ?? ''),
    }))
  }

  listener.on('pmessage', (_pattern: string, channel: string, text: string) => {
    if (channel === `${tag}:said`) return options.said(text)
    const [now, born = '', state = ''] = text.split(';')
    follow(now)
    options.freed({ key: channel, born, text: state })
  })
  listener.psubscribe(`${tag}:*`).catch(heard)

  return {
    async acquire(lease, ttl, charges, force = false) {
      const args = charges.flatMap((limit) => [...numbersOf(limit, limit.need), limit.cost])
      const [now, born = '', admitted, wait, worst, ...words] = await call(
        'acquire',
        charges.map(({ key }) => key),
        [lease, ttl, force ? '1' : '0', ...args],
      )
      follow(now)
      return {
        at: Number(now),
        born,
        admitted: admitted === '1',
        wait: Number(wait),
        worst: Number(worst) - 1,
        states: statesOf(charges, words),
      }
    },
    async settle(lease, refunds, once = 0) {
      const args = refunds.flatMap((limit) => [...numbersOf(limit, 0), limit.mark, limit.back, limit.more])
      const [now, born = '', ...words] = await call(
        'settle',
        refunds.map(({ key }) => key),
        [lease, once > 0 ? '1' : '0', once, ...args],
      )
      follow(now)
      return { at: Number(now), born, states: words.length > 0 ? statesOf(refunds, words) : [] }
    },
    async peek(limits) {
      const [now, born = '', ...words] = await call(
        'peek',
        limits.map(({ key }) => key),
        limits.flatMap((limit) => numbersOf(limit, 0)),
      )
      follow(now)
      return { at: Number(now), born, states: statesOf(limits, words) }
    },
    async merge(limits) {
      const [now, born = '', ...words] = await call(
        'merge',
        limits.map(({ key }) => key),
        limits.flatMap((limit) => numbersOf(limit, limit.room)),
      )
      follow(now)
      return { at: Number(now), born, states: statesOf(limits, words) }
    },
    async hello(ttl, places) {
      const keys = [`${tag}:replicas`, ...places.map(({ key }) => key)]
      const args = [replica, ttl, ...places.flatMap((place) => [place.lease, place.ttl])]
      const [now, born = '', ...names] = await call('hello', keys, args)
      follow(now)
      return { at: Number(now), born, names, states: [] }
    },
    async say(text) {
      await redis.publish(`${tag}:said`, text)
    },
    async version() {
      const text = await redis.info('server')
      const of = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1]
      const valkey = of('valkey_version')
      return valkey ? `Valkey ${valkey}` : `Redis ${of('redis_version') ?? 'of an unknown version'}`
    },
    keyOf: (...parts) => `${tag}:${parts.join(':')}`,
    offset: () => offset,
    read,
    async close() {
      await call('goodbye', [`${tag}:replicas`], [replica]).catch(() => {})
      redis.disconnect()
      listener.disconnect()
    },
  }
}

function numbersOf(limit: SharedLimit, need: number): (string | number)[] {
  const { shape, amount, period, guard, capacity, frame } = limit
  return [shape, amount, period, guard, capacity, ...frame, need]
}

/** Valkey is reached by the same protocol; the client knows it by its older name. */
function protocolOf(url: string): string {
  return url.replace(/^valkey(s?):/, 'redis$1:')
}
