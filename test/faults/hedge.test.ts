/** A first token that is later than usual: another key is asked, too. */
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer } from './read-answer.ts'
import { answerWell, startVendor, TEXT, type Act, type Vendor, type VendorCall } from './vendor.ts'

let vendor: Vendor
let gateway: TestGateway

afterEach(async () => {
  await expect.poll(() => gateway.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(0)
  await gateway.close()
  await expect.poll(() => vendor.open(), { interval: 2, timeout: 30_000 }).toBe(0)
  await vendor.close()
})

const well: Act = (call) => answerWell(call, 'text')

/** Answers after which the gateway knows what is usual; none of them is sent twice yet. */
const ENOUGH = 20

async function start(hedge: number, keys: number): Promise<(act: Act) => void> {
  let act = well
  vendor = await startVendor((call) => act(call))
  gateway = await startGateway({
    providers: {
      vendor: { format: 'openai', base_url: vendor.url, keys: Array.from({ length: keys }, (_, i) => `key-${i}-0001`) },
    },
    server: { heartbeat: 0, hedge, retries: 0 },
  })
  for (let i = 0; i < ENOUGH; i++) await readAnswer(gateway.url, 'vendor/m', false)
  vendor.calls.length = 0
  return (next) => {
    act = next
  }
}

/** The first call is silent until its gateway leaves. */
const firstSilent = (others: Act): Act => {
  let first: VendorCall | undefined
  return (call) => {
    first ??= call
    if (call !== first) others(call)
  }
}

describe('a request whose first token is late', () => {
  it.each([true, false])('is answered by another key, and the late one is let go; streamed: %s', async (stream) => {
    const act = await start(0.5, 2)
    act(firstSilent(well))
    const answer = await readAnswer(gateway.url, 'vendor/m', stream)
    expect(answer).toMatchObject({ status: 200, text: TEXT, error: undefined })
    expect(answer.headers.get('x-balanced-call-attempts')).toBe('2')
    expect(vendor.calls).toHaveLength(2)
    expect(vendor.calls[0]?.key).not.toBe(vendor.calls[1]?.key)
    await expect.poll(() => vendor.calls[0]?.socket.destroyed, { interval: 2, timeout: 30_000 }).toBe(true)
    // who was only slower has done nothing wrong: it may be known as slow, and rests for nothing
    for (const { state } of gateway.app.scheduler.report().keys) expect(['ready', 'slow']).toContain(state)
  })

  it('is answered by the late one after all, when the other fails', async () => {
    const act = await start(0.5, 2)
    let first: VendorCall | undefined
    act((call) => {
      if (first === undefined) first = call
      else {
        call.response.writeHead(500).end('{}')
        const late = first
        setImmediate(() => answerWell(late, 'text'))
      }
    })
    expect(await readAnswer(gateway.url, 'vendor/m', true)).toMatchObject({ status: 200, text: TEXT })
  })

  it('waits where there is no other key, where it is not wanted, and where too many were sent twice', async () => {
    for (const [hedge, keys, twice] of [
      [0.5, 1, [false]],
      [0, 2, [false]],
      [0.01, 2, [true, false]],
    ] as const) {
      const act = await start(hedge, keys)
      for (const again of twice) {
        vendor.calls.length = 0
        act(firstSilent(well))
        const leaving = new AbortController()
        // Nobody answers one that is not sent twice: its client leaves, many times later than usual.
        const timer = again ? undefined : setTimeout(() => leaving.abort(), 400)
        await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }),
          signal: leaving.signal,
        }).then(
          (answer) => answer.text(),
          () => undefined,
        )
        clearTimeout(timer)
        expect(vendor.calls).toHaveLength(again ? 2 : 1)
      }
      if (keys !== 2 || hedge !== 0.01) {
        await gateway.close()
        await vendor.close()
      }
    }
  })
})
