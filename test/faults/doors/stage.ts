/** One upstream and one gateway for the faults of one door over one wire: a provider for each, told apart by its path. */
import { expect, vi } from 'vitest'
import { startGateway } from '../../end-to-end/gateway.ts'
import { SOON } from '../stage.ts'
import { startVendor } from '../vendor.ts'
import { hear, type Door, type Heard } from './doors.ts'
import { answerWell, FAULTS, type Fault } from './faults.ts'
import type { Wire } from './wires.ts'

export interface Case {
  name: string
  fault: Fault
  stream: boolean
  /** One key, which fails; or three, of which the first that is asked fails. */
  keys: 1 | 3
}

export interface Outcome extends Heard {
  /** Calls that its upstream had. */
  calls: number
}

export function casesOf(door: Door): Case[] {
  return Object.entries(FAULTS).flatMap(([name, fault]) =>
    (door.streams ? [true, false] : [false])
      .filter((stream) => fault.only !== (stream ? 'json' : 'stream'))
      .flatMap((stream) => {
        const helps = fault.retried && fault.isAbsent !== true && !(fault.isLate && stream)
        return (helps ? ([1, 3] as const) : ([1] as const)).map((keys) => ({ name, fault, stream, keys }))
      }),
  )
}

/** Requests at once: as many as a busy machine serves within the timeouts below. */
const AT_ONCE = 24

/** Milliseconds: what waits is found out soon, and nothing else by a time-out on a busy machine. */
const SHORT = { connect: 1500, first_byte: 1500, idle: 1500, answer: 2000 }
const LONG = { connect: 20_000, first_byte: 20_000, idle: 20_000, answer: 20_000 }

/** Provokes every case on real sockets, and leaves nothing open. */
export async function provoke(door: Door, wire: Wire, cases: readonly Case[]): Promise<Map<Case, Outcome>> {
  const waiting = cases.filter(({ fault }) => fault.waits)
  const others = cases.filter(({ fault }) => !fault.waits)
  const [one, other] = await Promise.all([
    provokeWithin(SHORT, door, wire, waiting),
    provokeWithin(LONG, door, wire, others),
  ])
  return new Map([...one, ...other])
}

async function provokeWithin(
  timeouts: object,
  door: Door,
  wire: Wire,
  cases: readonly Case[],
): Promise<Map<Case, Outcome>> {
  const calls = new Map<number, number>()
  const vendor = await startVendor((call) => {
    const position = Number(/case-(\d+)/.exec(call.path)?.[1])
    const each = cases[position]
    if (!each) throw new Error(`no case at ${call.path}`)
    const before = calls.get(position) ?? 0
    calls.set(position, before + 1)
    const asked = { ...call, stream: each.stream, wire }
    if (before === 0 || each.keys === 1) each.fault.act(asked)
    else answerWell(asked)
  })
  const providers = cases.map(({ fault, keys }, i) => [
    `case-${i}`,
    {
      format: wire.format,
      base_url: fault.isAbsent ? NOBODY : `${vendor.url}/case-${i}`,
      keys: Array.from({ length: keys }, (_, key) => `secret-${i}-key-${key}`),
    },
  ])
  const gateway = await startGateway({
    providers: Object.fromEntries(providers),
    server: {
      timeouts,
      retry_share: 1,
      refused_wait: 0,
      heartbeat: 0,
      ollama: true,
    },
    scheduler: { max_wait: 0 },
  })
  const outcomes = new Map<Case, Outcome>()
  let next = 0
  const work = async (): Promise<void> => {
    while (next < cases.length) {
      const i = next++
      const each = cases[i]
      if (!each) return
      const heard = await hear(gateway.url, door, `case-${i}/m`, each.stream)
      outcomes.set(each, { ...heard, calls: calls.get(i) ?? 0 })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  await vi.waitFor(() => expect(gateway.app.scheduler.report().inFlight).toBe(0), SOON)
  await gateway.close()
  await vi.waitFor(() => expect(vendor.open()).toBe(0), SOON)
  await vendor.close()
  return outcomes
}

/** An address where nobody listens: a port that was free a moment ago may be another test's by now. */
const NOBODY = 'http://127.0.0.1:1'
