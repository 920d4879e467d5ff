/** What a server holds of its clients, and what they are told when it is full or stops. */
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer } from './read-answer.ts'
import { answerWell, JSON_TYPE, startVendor, type Act, type Vendor, type VendorCall } from './vendor.ts'

let vendor: Vendor
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await vendor.close()
})

async function start(act: Act, config: Record<string, unknown>): Promise<void> {
  vendor = await startVendor(act)
  gateway = await startGateway({
    providers: {
      up: { format: 'openai', base_url: vendor.url, keys: [{ key: 'key-one-0001', limits: { concurrency: 1 } }] },
    },
    ...config,
  })
}

const SOON = { interval: 2, timeout: 30_000 }

it('tells clients that wait for a key to come back when it stops, and lets those end that run', async () => {
  let held: VendorCall | undefined
  await start((call) => void (held = call), {})
  const first = readAnswer(gateway.url, 'up/m', false)
  await expect.poll(() => held, SOON).toBeDefined()
  const waiting = fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ model: 'up/m', messages: [{ role: 'user', content: 'x' }] }),
  })
  await expect.poll(() => gateway.app.scheduler.report().queued, SOON).toBe(1)
  const closed = gateway.app.close()
  const told = await waiting
  expect([told.status, told.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await told.json()).toMatchObject({ error: { code: 'shutting_down' } })
  if (held) answerWell(held, 'text')
  expect((await first).status).toBe(200)
  await closed
})

describe('bodies of requests that run', () => {
  const body = JSON.stringify({ model: 'up/m', messages: [{ role: 'user', content: 'x'.repeat(40_000) }] })
  const sent = {
    'as they are': { body },
    chunked: { body: () => new Blob([body]).stream(), duplex: 'half' as const },
    // what it becomes counts, and not what came
    compressed: { body: gzipSync(body), headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } },
  }
  const post = (way: keyof typeof sent): Promise<Response> => {
    const { body: given, ...more } = sent[way]
    const made = typeof given === 'function' ? given() : given
    return fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: JSON_TYPE, ...more, body: made })
  }

  it.each(Object.keys(sent) as (keyof typeof sent)[])('share one bound, %s', async (way) => {
    const held: VendorCall[] = []
    await start((call) => void held.push(call), { server: { bounds: { bodies: '64KiB' } } })
    const first = post(way)
    await expect.poll(() => held.length, SOON).toBe(1)
    const second = await post(way)
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await second.json()).toMatchObject({ error: { message: expect.stringContaining('server.bounds.bodies') } })
    if (held[0]) answerWell(held[0], 'text')
    await (await first).text()
    const third = post(way)
    await expect.poll(() => held.length, SOON).toBe(2)
    if (held[1]) answerWell(held[1], 'text')
    expect((await third).status).toBe(200)
  })
})

it('waits no longer than server.receive for a request', async () => {
  await start(() => {}, { server: { receive: '300ms' } })
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write(
    'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
  )
  let told = ''
  for await (const bytes of socket) told += String(bytes)
  expect(told).toMatch(/^HTTP\/1.1 408/)
})
