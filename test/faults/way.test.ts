/** Faults on the way to a provider: names, sockets, certificates. Another key of it meets the same; another route does not. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts'
import { readAnswer } from './read-answer.ts'
import { SOON } from './stage.ts'
import { answerWell, startVendor, TEXT, type Vendor } from './vendor.ts'

interface Way {
  name: string
  /** What the client sees when no other way leads anywhere. */
  status: number
  says: RegExp
  base_url: () => string
}

const servers: { server: Server; sockets: Set<Socket> }[] = []
let good: Vendor
let gateway: TestGateway

/** A server that does `act` with every socket; its port. */
async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  servers.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const ARRANGEMENTS = ['alone', 'route', 'tier']
/** `closed`: nobody listens there, now or when another test asks for a port. */
const ports = { closed: 1, silent: 0, resets: 0, plain: 0, selfSigned: 0, ends: 0 }

const WAYS: Way[] = [
  { name: 'its name is not known', status: 502, says: /name/, base_url: () => 'http://no-such-host.invalid/v1' },
  {
    name: 'it refuses the connection',
    status: 502,
    says: /refused/,
    base_url: () => `http://127.0.0.1:${ports.closed}/v1`,
  },
  {
    name: 'it resets every connection',
    status: 502,
    says: /reset|closed/,
    base_url: () => `http://127.0.0.1:${ports.resets}/v1`,
  },
  {
    name: 'it closes every connection',
    status: 502,
    says: /closed|reset/,
    base_url: () => `http://127.0.0.1:${ports.ends}/v1`,
  },
  {
    name: 'it says nothing to TLS',
    status: 504,
    says: /connect/,
    base_url: () => `https://127.0.0.1:${ports.silent}/v1`,
  },
  {
    name: 'it resets in the handshake of TLS',
    status: 502,
    says: /reset|closed|disconnected/,
    base_url: () => `https://127.0.0.1:${ports.resets}/v1`,
  },
  {
    name: 'it speaks plain HTTP where TLS is wanted',
    status: 502,
    says: /TLS/,
    base_url: () => `https://127.0.0.1:${ports.plain}/v1`,
  },
  {
    name: 'it speaks TLS where plain HTTP is wanted',
    status: 502,
    says: /HTTP|closed|reset/,
    base_url: () => `http://127.0.0.1:${ports.selfSigned}/v1`,
  },
  {
    name: 'its certificate is its own',
    status: 502,
    says: /self-signed/,
    base_url: () => `https://127.0.0.1:${ports.selfSigned}/v1`,
  },
]

beforeAll(async () => {
  good = await startVendor((call) => answerWell(call, 'text'))
  ports.silent = await listen(createServer((socket) => void socket.resume()))
  ports.resets = await listen(createServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
  ports.ends = await listen(createServer((socket) => socket.once('data', () => socket.end())))
  ports.plain = await listen(createServer((socket) => socket.resume().end('HTTP/1.1 400 Bad Request\r\n\r\n')))
  ports.selfSigned = await listen(createTlsServer({ key: PRIVATE_KEY, cert: CERTIFICATE }, (socket) => socket.end()))
  const each = [true, false].flatMap((stream) => WAYS.map((way, i) => ({ ...way, id: `${i}-${stream}` })))
  // a provider for each case: one case's faults would open the breaker of the next
  const bad = each.flatMap(({ base_url, id }) =>
    ARRANGEMENTS.map((kind) => [
      `${kind}-${id}`,
      { format: 'openai', base_url: base_url(), keys: [`key-${kind}-${id}-one`, `key-${kind}-${id}-two`] },
    ]),
  )
  gateway = await startGateway({
    providers: { ...Object.fromEntries(bad), good: { format: 'openai', base_url: good.url, keys: ['key-of-good'] } },
    models: Object.fromEntries(
      each.flatMap(({ id }) => [
        [`alone-${id}`, [`alone-${id}/m`]],
        [`route-${id}`, [{ to: `route-${id}/m`, weight: 1000 }, 'good/m']],
        [`tier-${id}`, [`tier-${id}/m`, { to: 'good/m', tier: 1 }]],
      ]),
    ),
    server: { timeouts: { connect: 300 }, retries: 2, retry_share: 1, heartbeat: 0 },
    scheduler: { max_wait: 0 },
  })
})

afterAll(async () => {
  await gateway.close()
  await vi.waitFor(() => expect(good.open()).toBe(0), SOON)
  await good.close()
  for (const { server, sockets } of servers) {
    await vi.waitFor(() => expect(sockets.size).toBe(0), { timeout: 30_000 })
    server.close()
  }
})

describe.each([true, false])('a provider that cannot be reached, streamed: %s', (stream) => {
  it.each(WAYS.map((way, i) => ({ ...way, i })))('because $name, is told so', async ({ i, status, says }) => {
    const answer = await readAnswer(gateway.url, `alone-${i}-${stream}`, stream)
    expect(answer).toMatchObject({ status, error: { message: expect.stringMatching(says) } })
    expect(JSON.stringify(answer.error)).not.toMatch(/key-alone/)
  })

  it.each(WAYS.map((way, i) => ({ ...way, i })))('because $name, is replaced by another route', async ({ i }) => {
    expect(await readAnswer(gateway.url, `route-${i}-${stream}`, stream)).toMatchObject({ status: 200, text: TEXT })
  })

  it.each(WAYS.map((way, i) => ({ ...way, i })))('because $name, is replaced by the next tier', async ({ i }) => {
    expect(await readAnswer(gateway.url, `tier-${i}-${stream}`, stream)).toMatchObject({ status: 200, text: TEXT })
  })

  it('costs no other key anything', () => {
    const { keys, inFlight } = gateway.app.scheduler.report()
    expect(inFlight).toBe(0)
    expect(keys.find(({ provider }) => provider === 'good')).toMatchObject({ state: 'ready', inFlight: 0 })
  })
})
