/** Tokens that a key is traded for: taken back early, shared by many, and not lost with the client that asked first. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { readAnswer } from './read-answer.ts'
import { answerWell, JSON_TYPE, startVendor, TEXT, type Act, type Vendor } from './vendor.ts'

let vendor: Vendor
let gateway: TestGateway
let office: Server
let waiting: ServerResponse[] = []
let given = 0

afterEach(async () => {
  await gateway.close()
  await vendor.close()
  office.closeAllConnections()
  office.close()
})

/** @param slow tokens are given when `grant` is called, else at once */
async function start(act: Act, slow = false, server: Record<string, unknown> = {}): Promise<void> {
  given = 0
  waiting = []
  vendor = await startVendor(act)
  office = createServer((_, response) => {
    waiting.push(response)
    if (!slow) grant()
  })
  await new Promise<void>((resolve) => office.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(office.address() as AddressInfo).port}/token`
  const auth = {
    'token-exchange': { url, form: { key: '$key' }, into: { headers: { authorization: 'Bearer ${token}' } } },
  }
  gateway = await startGateway({
    formats: { traded: { extends: 'openai', request: { headers: { authorization: null } }, auth } },
    providers: { vendor: { format: 'traded', base_url: vendor.url, keys: ['key-one-0001'] } },
    server: { heartbeat: 0, retries: 0, ...server },
  })
}

function grant(): void {
  for (const response of waiting.splice(0))
    response.writeHead(200, JSON_TYPE).end(JSON.stringify({ access_token: `token-${++given}`, expires_in: 3600 }))
}

describe('a token', () => {
  it('that was refused while it is young is not traded again, and the client is told', async () => {
    let good = 'token-1'
    await start((call) => {
      if (call.key === good) answerWell(call, 'text')
      else call.response.writeHead(401, JSON_TYPE).end('{"error":{"message":"token expired","code":"invalid_api_key"}}')
    })
    expect(await readAnswer(gateway.url, 'vendor/m', false)).toMatchObject({ status: 200, text: TEXT })
    good = 'token-2'
    // a token as young as this one is not traded again: it was refused with the key itself
    const young = await readAnswer(gateway.url, 'vendor/m', false)
    expect(young.status).toBe(401)
    expect(given).toBe(1)
  })

  it('is asked for once by all who wait for it, and outlives the client who asked first', async () => {
    await start((call) => answerWell(call, 'text'), true)
    const leaving = new AbortController()
    const first = fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }),
      signal: leaving.signal,
    }).catch(() => undefined)
    await expect.poll(() => waiting.length, { interval: 2, timeout: 30_000 }).toBe(1)
    const others = [1, 2, 3].map(() => readAnswer(gateway.url, 'vendor/m', true))
    await expect.poll(() => gateway.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(4)
    leaving.abort()
    await expect.poll(() => gateway.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(3)
    expect(waiting).toHaveLength(1)
    grant()
    for (const answer of await Promise.all(others)) expect(answer).toMatchObject({ status: 200, text: TEXT })
    expect(given).toBe(1)
    await first
  })

  it('that is refused to several at once is told to each in its own words, and where only to the administrator', async () => {
    const keys = { api_keys: { alice: 'key-of-alice' }, admin_keys: ['key-of-admin'] }
    await start((call) => answerWell(call, 'text'), true, keys)
    const ask = (key: string): Promise<string> =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { ...JSON_TYPE, authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }),
      }).then((answer) => answer.text())
    const asked = ['key-of-alice', 'key-of-admin', 'key-of-alice'].map(ask)
    await expect.poll(() => gateway.app.scheduler.report().inFlight, { interval: 2, timeout: 30_000 }).toBe(3)
    expect(waiting).toHaveLength(1)
    waiting[0]?.writeHead(400, JSON_TYPE).end('{"error":"invalid_grant"}')
    const [first, admin, second] = await Promise.all(asked)
    const { host } = new URL(`http://127.0.0.1:${(office.address() as AddressInfo).port}`)
    for (const told of [first, second]) expect(told).toContain('vendor gave no token for this key (400): invalid_grant')
    expect(admin).toContain(`${host} gave no token for this key (400): invalid_grant`)
  })
})
