/** Many cases at once: one upstream, one gateway, and a provider with keys of its own for each case. */
import { expect, vi } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer, type ClientAnswer } from './read-answer.ts'
import { readInbound, type Api } from './read-inbound.ts'
import { answerWell, startVendor, type Act, type Topic, type Vendor, type VendorCall } from './vendor.ts'

export type Arrangement = 'one key' | 'several keys' | 'all keys fail'
export const ARRANGEMENTS: Arrangement[] = ['one key', 'several keys', 'all keys fail']

export interface Case {
  name: string
  act: (call: VendorCall, topic: Topic) => void
  arrangement: Arrangement
  topic: Topic
  stream: boolean
  /** Which API the client speaks; chat completions when absent. */
  api?: Api
}

export interface Outcome {
  answer: ClientAnswer
  calls: VendorCall[]
  /** Positions of the keys that the upstream was asked with, in order of their first call. */
  keysUsed: number[]
  /** Positions of the keys that the scheduler holds something against, once all has ended. */
  blamed: number[]
}

/** Requests that share one gateway: few enough that their retries stay within its traffic budget. */
const TOGETHER = 30

/** What ends by itself ends within this, in milliseconds. */
export const SOON = { timeout: 30_000, interval: 2 }

/** Provokes every case on real sockets, and leaves nothing open. */
export async function provoke<T extends Case>(cases: readonly T[]): Promise<Map<T, Outcome>> {
  const outcomes = new Map<T, Outcome>()
  for (let start = 0; start < cases.length; start += TOGETHER) {
    const some = cases.slice(start, start + TOGETHER)
    const stage = await open(some)
    const answers = await Promise.all(
      some.map(({ api, stream }, i) =>
        api
          ? readInbound(stage.gateway.url, `${nameOf(i)}/m`, stream, api)
          : readAnswer(stage.gateway.url, `${nameOf(i)}/m`, stream),
      ),
    )
    // whatever happened: nothing is in flight, no secret was logged, no socket is left
    await vi.waitFor(() => expect(stage.gateway.app.scheduler.report().inFlight).toBe(0), SOON)
    some.forEach((each, i) => outcomes.set(each, outcomeOf(i, answers[i], stage)))
    expect(stage.gateway.lines.join('')).not.toMatch(/secret-/)
    await stage.gateway.close()
    await vi.waitFor(() => expect(stage.vendor.open()).toBe(0), SOON)
    await stage.vendor.close()
  }
  return outcomes
}

interface Stage {
  vendor: Vendor
  gateway: TestGateway
}

const nameOf = (position: number): string => `case-${position}`
const keyOf = (position: number, key: number): string => `secret-${position}-key-${key}`

/** The fault hits the first key that is used; others are well, unless all fail. */
async function open(cases: readonly Case[]): Promise<Stage> {
  const first = new Map<number, string>()
  const act: Act = (call) => {
    const position = Number(/^secret-(\d+)-/.exec(call.key)?.[1])
    const each = cases[position]
    if (!each) throw new Error(`no case has the key ${call.key}`)
    if (!first.has(position)) first.set(position, call.key)
    if (call.key === first.get(position) || each.arrangement === 'all keys fail') each.act(call, each.topic)
    else answerWell(call, each.topic)
  }
  const vendor = await startVendor(act)
  const providers = cases.map(({ arrangement }, i) => [
    nameOf(i),
    {
      format: 'openai',
      base_url: vendor.url,
      keys: (arrangement === 'one key' ? [1] : [1, 2, 3]).map((key) => keyOf(i, key)),
    },
  ])
  const gateway = await startGateway({
    providers: Object.fromEntries(providers),
    server: {
      timeouts: { connect: 1000, first_byte: 700, idle: 700, answer: 3000 },
      retries: 2,
      retry_share: 1,
      refused_wait: 0,
      heartbeat: 0,
    },
    scheduler: { max_wait: 0 },
  })
  return { vendor, gateway }
}

function outcomeOf(position: number, answer: ClientAnswer | undefined, { vendor, gateway }: Stage): Outcome {
  if (!answer) throw new Error('no answer')
  const prefix = keyOf(position, 0).slice(0, -1)
  const calls = vendor.calls.filter((call) => call.key.startsWith(prefix))
  const keysUsed = [...new Set(calls.map((call) => Number(call.key.slice(prefix.length))))]
  const keys = gateway.app.scheduler.report().keys.filter(({ provider }) => provider === nameOf(position))
  const blamed = keys.flatMap(({ state }, i) => (state === 'ready' ? [] : [i + 1]))
  return { answer, calls, keysUsed, blamed }
}
