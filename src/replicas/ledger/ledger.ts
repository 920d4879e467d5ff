/**
 * The limits that replicas share, on a server of the Redis protocol (Redis 7, Valkey): each call is all or nothing there, by its
 * clock. Calls of one turn of the event loop are one function on that server.
 */
import { readFileSync } from 'node:fs'
import type { Acquired, Charge, Place, Refund, SharedLimit, SharedShape, SharedState, Told } from './ledger-calls.ts'
import { connectionTo, opened, serversOf } from './connection.ts'
import { inTime } from './in-time.ts'
import { createTurn, type Answer, type Word } from './turn.ts'

const SOURCE = new URL('ledger.lua', import.meta.url)

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
  /** The functions' text, where it is not the usual one. */
  source?: string
}

export interface Ledger {
  /**
   * Takes the first candidate whose limits all have room.
   * @param ttl milliseconds that places are kept for a replica that says nothing; `force` takes whatever there is
   */
  acquire(lease: string, ttl: number, candidates: readonly (readonly Charge[])[], force?: boolean): Promise<Acquired>
  /** @param once milliseconds for which a repetition of this call does nothing */
  settle(lease: string, refunds: readonly Refund[], once?: number): Promise<Told>
  peek(limits: readonly SharedLimit[]): Promise<Told>
  /** Lowers what is free to what this replica knows. */
  merge(limits: readonly (SharedLimit & { room: number })[]): Promise<Told>
  /**
   * This replica lives, and so do its places.
   * @param toldAt by the server's clock: when it said something last, if this replica owes nothing of what it took in its absence
   * before; the call may be held up on its way while this replica goes on alone
   * Gives the names of those who live, and whether all know of this version's slices. */
  hello(ttl: number, places: readonly Place[], toldAt?: number): Promise<Told & { names: string[]; mayLend: boolean }>
  /** Replicas that have said of a moment since then, by the server's clock, that they have told all. @param ttl as they said it */
  heard(since: number, ttl: number): Promise<string[]>
  /** Resolves when it hears the others; rejects where it may not. */
  listening: Promise<void>
  /** To all other replicas. */
  say(text: string): Promise<void>
  /** `Redis 7.0.15` or `Valkey 8.1.0`. */
  version(): Promise<string>
  keyOf(...parts: readonly string[]): string
  /** A state that `freed` told, as `SharedState` has it. */
  read(shape: SharedShape, text: string): number[]
  /** Milliseconds of this process's clock less the server's. */
  offset(): number
  /** When the server said something last, by its clock. */
  heardAt(): number
  /** As a process ends that is killed. */
  abandon(): void
  close(): Promise<void>
}

export async function connectLedger(options: LedgerOptions): Promise<Ledger> {
  const { prefix, timeout, replica, wall } = options
  const tag = `{${prefix}}`
  const living = [`${tag}:replicas`, `${tag}:replicas:2`, `${tag}:replicas:told`]
  const redis = connectionTo(options.url, false)
  const listener = connectionTo(options.url, true)
  const { source = readFileSync(SOURCE, 'utf8') } = options
  // Each version has functions of its own.
  const library = /^#!lua name=(\w+)/.exec(source)?.[1] ?? ''
  let offset = 0
  let heardAt = 0
  // Of a cluster only what its last node said tells why.
  const heard = (error: Error & { lastNodeError?: Error }): void => options.failed(error.lastNodeError ?? error)
  /** The server has no database of that number, or not for this user: it would count in its first one, as others may. */
  let noDatabase: Error | undefined
  redis.on('error', (error: Error & { command?: { name: string } }) => {
    if (error.command?.name === 'select') noDatabase = error
    heard(error)
  })
  redis.on('close', () => (noDatabase = undefined))
  listener.on('error', heard)
  // One that is not there yet is tried again and again, and so is each call.
  await opened(redis).catch(heard)
  listener.connect().catch(heard)

  async function run(name: string, keys: readonly string[], args: readonly Word[]): Promise<string[]> {
    const once = (): Promise<unknown> =>
      inTime(redis.fcall(`${library}_${name}`, keys.length, ...keys, ...args), timeout)
    if (noDatabase) throw noDatabase
    try {
      return (await once()) as string[]
    } catch (error) {
      // A server that was started anew without its data, or one that took over before the functions came.
      if (!(error instanceof Error) || !/function not found/i.test(error.message)) throw error
      await install()
      return (await once()) as string[]
    }
  }

  const turn = createTurn(async (keys, words) => {
    const told = await run('calls', keys, words)
    follow(told[0])
    return told
  })

  async function install(): Promise<void> {
    await Promise.all(
      serversOf(redis).map(async (server) => {
        try {
          await inTime(server.function('LOAD', source), timeout)
        } catch (error) {
          // Another replica was faster. Loading it again would make the server look like a new one.
          if (!(error instanceof Error) || !/already exists/i.test(error.message)) throw error
        }
      }),
    )
  }

  /** The clock of this process runs beside the server's; only what the network takes is not known. */
  function follow(now: string | undefined): void {
    heardAt = Number(now)
    offset = wall() - heardAt
  }

  function read(shape: SharedShape, text: string): number[] {
    const list = text.split(',').map(Number)
    if (shape === 'places') return list
    // Frames are boundaries of the calendar, not readings of a clock.
    if (shape === 'fixed') return [list[0] ?? 0, list[2] ?? 0]
    if (shape === 'bucket') return [(list[0] ?? 0) + offset, list[1] ?? 0]
    return list.slice(1).map((value, index) => (index % 2 === 0 ? value + offset : value))
  }

  /** What follows a call's first words: a mark, and a state where there is no plenty. */
  function stateOf({ key, shape }: SharedLimit, at: number, text: string): SharedState {
    if (text === '') return { key, shape, mark: at, state: undefined }
    const [mark, state, units, life, lentAt] = text.split(' ')
    const known = { key, shape, mark: mark ? Number(mark) : at, state: state ? read(shape, state) : undefined }
    if (units === undefined) return known
    return { ...known, lent: { units: Number(units), life: Number(life), mark: lentAt ? Number(lentAt) : at } }
  }

  function statesOf(limits: readonly SharedLimit[], { at, born, text }: Answer): Told {
    const states = text.split(';')
    return {
      at,
      born,
      states: limits.map(({ key, shape }, index) => {
        const state = states[index]
        return { key, shape, mark: at, state: state ? read(shape, state) : undefined }
      }),
    }
  }

  listener.on('pmessage', (_pattern: string, channel: string, text: string) => {
    if (channel === `${tag}:said`) return options.said(text)
    const [now, born = '', state = ''] = text.split(';')
    follow(now)
    options.freed({ key: channel, born, text: state })
  })
  const listening = listener.psubscribe(`${tag}:*`).then(() => {})
  listening.catch(heard)

  return {
    async acquire(lease, ttl, candidates, force = false) {
      const charges = candidates.length === 1 ? (candidates[0] as readonly Charge[]) : candidates.flat()
      const { at, born, text } = await turn.call('acquire', charges, (numbers) => {
        const words: Word[] = [lease, ttl, force ? '1' : '0', candidates.length]
        for (const { length } of candidates) words.push(length)
        charges.forEach(({ need, cost, ahead = 0, life = 0 }, index) => {
          const number = numbers[index] ?? 0
          if (ahead > 0) words.push(-number, need, cost, ahead, life)
          else words.push(number, need, cost)
        })
        return words
      })
      const [head = '', ...rest] = text.split(';')
      const [taken, wait, worst] = head.split(' ').map(Number)
      const states = rest.map((each, index) => stateOf(charges[index] as Charge, at, each))
      const which = (taken ?? 0) - 1
      return {
        at,
        born,
        taken: which,
        wait: wait ?? 0,
        worst: (worst ?? 0) - 1,
        states,
        own: which < 0 ? [] : states.slice(states.length - (candidates[which]?.length ?? 0)),
      }
    },
    async settle(lease, refunds, once = 0) {
      const answer = await turn.call('settle', refunds, (numbers) => {
        const words: Word[] = [lease, once]
        refunds.forEach(({ mark, back, more }, index) => words.push(numbers[index] ?? 0, mark, back, more))
        return words
      })
      return answer.text === '' ? { at: answer.at, born: answer.born, states: [] } : statesOf(refunds, answer)
    },
    async peek(limits) {
      return statesOf(limits, await turn.call('peek', limits, (numbers) => [...numbers]))
    },
    async merge(limits) {
      const write = (numbers: readonly number[]): Word[] =>
        limits.flatMap(({ room }, index) => [numbers[index] ?? 0, room])
      return statesOf(limits, await turn.call('merge', limits, write))
    },
    async hello(ttl, places, toldAt) {
      const keys = [...living, ...places.map(({ key }) => key)]
      const args = [replica, ttl, toldAt ?? '', ...places.flatMap((place) => [place.lease, place.ttl])]
      const [now, born = '', count, ...both] = await run('hello', keys, args)
      follow(now)
      // Who only listens would never learn that the server has gone.
      if (listener.status === 'ready') listener.ping().catch(heard)
      const names = both.slice(0, Number(count))
      const know = new Set(both.slice(Number(count)))
      return { at: Number(now), born, names, mayLend: names.every((name) => know.has(name)), states: [] }
    },
    listening,
    heard: (since, ttl) => inTime(redis.zrangebyscore(living[2] ?? '', since + ttl, '+inf'), timeout),
    async say(text) {
      await inTime(redis.publish(`${tag}:said`, text), timeout)
    },
    async version() {
      const text = await inTime(redis.info('server'), timeout)
      const of = (name: string): string | undefined => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(text)?.[1]
      const valkey = of('valkey_version')
      return valkey ? `Valkey ${valkey}` : `Redis ${of('redis_version') ?? 'of an unknown version'}`
    },
    keyOf: (...parts) => `${tag}:${parts.join(':')}`,
    offset: () => offset,
    heardAt: () => heardAt,
    read,
    abandon() {
      redis.disconnect()
      listener.disconnect()
    },
    async close() {
      await run('goodbye', living, [replica]).catch(() => {})
      redis.disconnect()
      listener.disconnect()
    },
  }
}
