/** An upstream that cannot be reached: a client hears which provider, the log and an administrator where it is. */
import { createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'

let gateway: TestGateway
let close: () => void = () => {}

afterEach(async () => {
  close()
  await gateway.close()
})

/** @param said what each connection hears before it is cut off; absent: it is refused, or with a time limit silent */
async function start(said: string | undefined, timeouts: Record<string, number> = {}): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    if (said !== undefined) socket.once('data', () => socket.write(said, () => socket.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  if (said !== undefined || timeouts['first_byte'] !== undefined) close = () => void server.close()
  else await new Promise((resolve) => server.close(resolve))
  gateway = await startGateway({
    providers: Object.fromEntries(
      NAMES.map((name) => [
        name,
        { format: 'openai', base_url: `http://127.0.0.1:${port}/v1`, keys: [`key-of-${name}`] },
      ]),
    ),
    server: {
      api_keys: { alice: 'key-of-alice' },
      admin_keys: ['key-of-admin'],
      retries: 0,
      heartbeat: 0,
      timeouts,
      ollama: true,
    },
  })
  return `127.0.0.1:${port}`
}

const messages = [{ role: 'user', content: 'Hello' }]
const DOORS: ((model: string) => [path: string, body: object])[] = [
  (model) => ['/v1/chat/completions', { model, messages }],
  (model) => ['/v1/chat/completions', { model, messages, stream: true }],
  (model) => ['/v1/messages', { model, max_tokens: 9, messages }],
  (model) => ['/v1/responses', { model, input: 'Hello' }],
  (model) => [
    `/v1beta/models/${encodeURIComponent(model)}:generateContent`,
    { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
  ],
  (model) => ['/api/chat', { model, messages, stream: false }],
  (model) => ['/v1/embeddings', { model, input: 'Hello' }],
]
/** One provider each: who has failed rests. */
const NAMES = [...DOORS.keys(), 'last'].map((name) => `near-${name}`)

async function ask(path: string, body: object, key = 'key-of-alice'): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
  const answer = await fetch(`${gateway.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  return answer.text()
}

describe.each([
  ['refuses connections', undefined, {}, 'Cannot reach NEAR: it refused the connection (ECONNREFUSED). Try again'],
  ['cuts them off', '', {}, 'Cannot reach NEAR: it closed the connection before it answered'],
  ['is silent', undefined, { first_byte: 300, answer: 300 }, 'NEAR did not'],
])('an upstream that %s', (_name, said, timeouts, words) => {
  it('has no address for a client, at any door, and one for the administrator and the log', async () => {
    const address = await start(said, timeouts)
    for (const [index, door] of DOORS.entries()) {
      const told = await ask(...door(`near-${index}/m`))
      expect(told).toContain(words.replace('NEAR', `near-${index}`))
      expect(told).not.toContain('127.0.0.1')
      expect(gateway.lines.at(-1)).toContain(address)
    }
    const [path, body] = DOORS[0]?.('near-last/m') ?? expect.fail('no door')
    expect(await ask(path, body, 'key-of-admin')).toContain(address)
  })
})

const BEGUN = `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n`
const EVENT = `data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"He"}}]}\n\n`

it('an upstream that breaks off in the middle of a stream has none either', async () => {
  const address = await start(`${BEGUN}${EVENT.length.toString(16)}\r\n${EVENT}\r\n`)
  const doors = [...DOORS.entries()].filter(([, door]) => !door('m')[0].endsWith('/embeddings'))
  for (const [index, door] of doors) {
    const [path, body] = door(`near-${index}/m`)
    const told = await ask(path.replace(':generate', ':streamGenerate'), { ...body, stream: true })
    expect(told).toContain(`The answer of near-${index} broke off`)
    expect(told).not.toContain('127.0.0.1')
    expect(gateway.lines.at(-1)).toContain(address)
  }
})
