/** What attackers send. */
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { answerWell, JSON_TYPE, startVendor, wholeBody, type Act, type Vendor } from '../faults/vendor.ts'

let vendor: Vendor
let gateway: TestGateway

afterEach(async () => {
  await gateway.close()
  await vendor.close()
})

async function start(
  act: Act = (call) => answerWell(call, 'text'),
  server: Record<string, unknown> = {},
  provider: Record<string, unknown> = {},
): Promise<void> {
  vendor = await startVendor(act)
  gateway = await startGateway({
    providers: { vendor: { format: 'openai', base_url: vendor.url, keys: ['key-one-0001'], ...provider } },
    server: { heartbeat: 0, ...server },
  })
}

const BODY = { model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }] }

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers: { ...JSON_TYPE, ...headers }, body })
}

/** Everything that the server says to these bytes. */
function raw(text: string): Promise<string> {
  const { port } = new URL(gateway.url)
  return new Promise((resolve) => {
    let told = ''
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(text))
    socket.setTimeout(1000, () => socket.destroy())
    socket.on('data', (bytes) => (told += String(bytes)))
    socket.on('error', () => {})
    socket.on('close', () => resolve(told))
  })
}

describe('a body', () => {
  it.each([
    ['{"__proto__":{"polluted":1},"model":"vendor/m","messages":[]}'],
    ['{"\\u005f_proto__":{"polluted":1},"model":"vendor/m","messages":[]}'],
    ['{"constructor":{"prototype":{"polluted":1}},"model":"vendor/m","messages":[]}'],
    ['{"model":"vendor/m","messages":[{"role":"user","content":"x","__proto__":{"polluted":1}}]}'],
  ])('cannot poison a prototype: %s', async (body) => {
    await start()
    expect((await post(body)).status).toBe(400)
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
    expect(vendor.calls).toHaveLength(0)
  })

  it.each([
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__proto__/m',
    'vendor/__proto__',
    'constructor/m',
  ])('may name a model %s without harm', async (model) => {
    await start()
    const answer = await post(JSON.stringify({ ...BODY, model }))
    expect([200, 404]).toContain(answer.status)
    expect((await fetch(`${gateway.url}/v1/models/${model}`)).status).toBe(answer.status)
    expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
  })

  it('that is a bomb of nested lists is refused in little time', async () => {
    await start()
    const before = process.cpuUsage()
    const bomb = '['.repeat(2_000_000) + ']'.repeat(2_000_000)
    const answer = await post(`{"model":"vendor/m","messages":${bomb}}`)
    expect(answer.status).toBe(400)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(5000)
    await answer.text()
  })

  it('with numbers, texts and lists where others belong never breaks the server', async () => {
    await start()
    for (const value of [null, 0, '', 'x', [], {}, [[]], [null], Number.MAX_VALUE, true]) {
      const answer = await post(JSON.stringify({ ...BODY, messages: value, tools: value, stop: value }))
      expect(answer.status).toBeLessThan(500)
      await answer.text()
    }
  })
})

describe('a name of a model', () => {
  it.each(['../../admin', '..%2f..%2fadmin', 'm/../../admin', '..', './m', 'a\\..\\b'])(
    'cannot climb out of a path: %s',
    async (name) => {
      vendor = await startVendor((call) => answerWell(call, 'text'))
      gateway = await startGateway({
        providers: { vendor: { format: 'gemini', base_url: vendor.url, keys: ['key-one-0001'] } },
        server: { heartbeat: 0, retries: 0 },
      })
      await (await post(JSON.stringify({ ...BODY, model: `vendor/${name}` }))).text()
      for (const { path } of vendor.calls) expect(path).toMatch(/^\/v1beta\/models\/[^/]+$/)
    },
  )

  it('cannot write a line into the log, or a header into the answer', async () => {
    await start()
    const model = 'vendor/m\r\nx-evil: 1\n{"level":"error","msg":"forged"}\u2028\u001b[2J'
    const answer = await post(JSON.stringify({ ...BODY, model }))
    expect(answer.headers.get('x-evil')).toBeNull()
    await answer.text()
    for (const line of gateway.lines) {
      for (const mark of ['\n', '\r', '\u001b']) expect(line.trimEnd()).not.toContain(mark)
      expect(JSON.parse(line)).not.toMatchObject({ msg: 'forged' })
    }
    expect(gateway.lines.length).toBeGreaterThan(0)
  })
})

describe('headers', () => {
  const evil = {
    'x-api-key': 'from-the-client',
    cookie: 'a=b',
    'x-forwarded-for': '1.2.3.4',
    'x-custom': 'c',
    'openai-organization': 'org-of-client',
    'anthropic-beta': 'b',
  }

  it('of a client reach no upstream, but those that the configuration names', async () => {
    await start(undefined, { forward: { request: ['Anthropic-Beta'] } })
    await (await post(JSON.stringify(BODY), evil)).text()
    const sent = vendor.calls[0]?.headers ?? {}
    expect(sent['anthropic-beta']).toBe('b')
    for (const name of ['x-api-key', 'cookie', 'x-forwarded-for', 'x-custom', 'openai-organization'])
      expect(sent).not.toHaveProperty(name)
    expect(sent.authorization).toBe('Bearer key-one-0001')
  })

  it('of an upstream reach no client, but those that the configuration names', async () => {
    const act: Act = ({ response }) =>
      void response
        .writeHead(200, {
          ...JSON_TYPE,
          'set-cookie': 'a=b',
          'x-secret': 's',
          'openai-processing-ms': '12',
          server: 'v',
          'access-control-allow-origin': '*',
        })
        .end(wholeBody('text'))
    await start(act, { forward: { response: ['openai-processing-ms'] } })
    const answer = await post(JSON.stringify(BODY))
    expect(answer.headers.get('openai-processing-ms')).toBe('12')
    for (const name of ['set-cookie', 'x-secret', 'server', 'access-control-allow-origin'])
      expect(answer.headers.get(name)).toBeNull()
    await answer.text()
  })

  it.each(['Authorization', 'cookie', 'Host', 'content-length', 'TRANSFER-ENCODING', 'x-api-key', 'bad name'])(
    'that carry credentials or frame a message cannot be let through: %s',
    async (name) => {
      await start()
      await expect(startGateway({ providers: {}, server: { forward: { request: [name] } } })).rejects.toThrow(
        /neither carries credentials nor frames the message/,
      )
    },
  )

  it.each([
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\ncontent-length: 44\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
    'POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
  ])('cannot smuggle a second request', async (text) => {
    await start()
    const told = await raw(text)
    // refused, and the connection is closed before anyone could be mistaken for another
    expect(told).toMatch(/HTTP\/1\.1 400 Bad Request\r\n.*connection: close/s)
    expect(told).not.toContain('200 OK')
    expect(told).not.toContain('"object":"list"')
  })
})

describe('keys', () => {
  it.each(['key\r\nx-evil: 1', 'key\nwith a line', 'key\u0000'])(
    'with a control character are refused at load',
    async (key) => {
      await start()
      const config = { providers: { bad: { format: 'openai', base_url: 'http://127.0.0.1:1', keys: [key] } } }
      await expect(startGateway(config)).rejects.toThrow(/a tab or another control character/)
    },
  )

  it.each([undefined, 'Bearer wrong', 'Bearer ', 'Basic eDp5', 'Bearer right-key-0001x', 'Bearer right-key-000'])(
    'are wanted where they are configured: %s',
    async (authorization) => {
      await start(undefined, { api_keys: ['right-key-0001', 'right-key-0002'] })
      const headers = authorization === undefined ? {} : { authorization }
      const answer = await post(JSON.stringify(BODY), headers as Record<string, string>)
      expect(answer.status).toBe(401)
      expect(await answer.json()).toMatchObject({ error: { code: 'invalid_api_key' } })
      for (const route of ['/v1/models', '/v1/scheduler', '/metrics', '/nowhere', '/healthy', '/llm/models'])
        expect((await fetch(gateway.url + route, { headers: headers as Record<string, string> })).status).toBe(401)
      expect((await fetch(`${gateway.url}/health`)).status).toBe(200)
      const right = await post(JSON.stringify(BODY), { authorization: 'Bearer right-key-0002' })
      expect(right.status).toBe(200)
      await right.text()
    },
  )
})
