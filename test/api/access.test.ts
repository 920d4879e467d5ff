/** Who may call, from where, under which name, and who may see the keys. */
import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

let gateway: TestGateway
afterEach(() => gateway.close())

const BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] })

interface Told {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** `fetch` sets Host and Origin by itself. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Told> {
  return new Promise((resolve, reject) => {
    const sent = request(gateway.url + path, { method, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.on('error', reject).end(method === 'POST' ? BODY : undefined)
  })
}

const chat = (headers: Record<string, string> = {}): Promise<Told> =>
  ask('/v1/chat/completions', { 'content-type': 'application/json', ...headers }, 'POST')

/** Method, path, and what an administrator is told of a body that is meant for something else. */
const ADMIN_PAGES = [
  ['GET', '/v1/scheduler', 200],
  ['POST', '/v1/scheduler/keys/sandbox%231/disable', 200],
  ['POST', '/v1/scheduler/keys/sandbox%231/enable', 200],
  ['POST', '/v1/scheduler/keys/sandbox%231/cool', 400],
  ['POST', '/v1/scheduler/keys/sandbox%231/weigh', 400],
  ['GET', '/metrics', 200],
] as const

describe('pages of administrators', () => {
  const server = { api_keys: { alice: 'key-of-alice' }, admin_keys: ['key-of-admin'] }

  it.each(ADMIN_PAGES)('%s %s wants an admin key where clients have keys', async (method, path, status) => {
    await startWith(server)
    expect((await ask(path, {}, method)).status).toBe(401)
    const refused = await ask(path, { authorization: 'Bearer key-of-alice' }, method)
    expect(refused.status).toBe(403)
    expect(JSON.parse(refused.text)).toMatchObject({ error: { code: 'admin_key_required' } })
    const json: Record<string, string> = method === 'POST' ? { 'content-type': 'application/json' } : {}
    expect((await ask(path, { authorization: 'Bearer key-of-admin', ...json }, method)).status).toBe(status)
  })

  it('are nobody’s where clients have keys and administrators none', async () => {
    await startWith({ api_keys: ['key-of-alice'] })
    expect((await ask('/metrics', { authorization: 'Bearer key-of-alice' })).status).toBe(403)
  })

  it('are closed where only administrators have keys, and models open', async () => {
    await startWith({ admin_keys: 'key-of-admin' })
    expect((await ask('/metrics')).status).toBe(403)
    expect((await ask('/metrics', { 'x-api-key': 'key-of-admin' })).status).toBe(200)
    expect((await chat()).status).toBe(200)
  })

  it('are open where nobody has a key', async () => {
    await startWith({})
    expect((await ask('/v1/scheduler')).status).toBe(200)
  })

  it('an administrator may call models, too', async () => {
    await startWith(server)
    expect((await chat({ authorization: 'Bearer key-of-admin', 'x-explain': '1' })).headers).toHaveProperty(
      'x-balanced-call-explain',
    )
    const told = await chat({ authorization: 'Bearer key-of-alice', 'x-explain': '1' })
    expect(told.status).toBe(200)
    expect(told.headers).not.toHaveProperty('x-balanced-call-explain')
  })
})

describe('a client’s key', () => {
  it.each([
    ['authorization', 'bearer key-of-alice'],
    ['x-api-key', 'key-of-alice'],
    ['api-key', 'key-of-alice'],
    ['x-goog-api-key', ' key-of-alice '],
  ])('is read from %s', async (name, value) => {
    await startWith({ api_keys: ['key-of-alice'] })
    expect((await chat({ [name]: value })).status).toBe(200)
    expect((await chat({ [name]: `${value}x` })).status).toBe(401)
  })

  it('counts beside another in another header', async () => {
    await startWith({ api_keys: ['key-of-alice'] })
    expect((await chat({ authorization: 'Bearer any', 'x-api-key': 'key-of-alice' })).status).toBe(200)
  })
})

describe('keys that rest', () => {
  const config = {
    providers: { one: { ...SANDBOX.providers.sandbox, limits: { rpm: 1 } } },
    models: { fast: ['one/sandbox-fast'] },
    scheduler: { max_wait: 0 },
  }

  it('are counted for a client and named for an administrator', async () => {
    gateway = await startGateway({ ...config, server: { api_keys: ['key-of-alice'], admin_keys: ['key-of-admin'] } })
    await chat({ 'x-api-key': 'key-of-alice' })
    const refused = await chat({ 'x-api-key': 'key-of-alice' })
    expect(refused.status).toBe(429)
    expect(refused.text).not.toContain('one#')
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { candidates: { total: 1, resting: 1, out_of_service: 0 }, message: expect.stringMatching(/again in \d/) },
    })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    const shown = JSON.parse((await chat({ 'x-api-key': 'key-of-admin' })).text) as object
    expect(shown).toHaveProperty('error.keys.0.key', 'one#1')
  })

  it('are named where nobody has a key', async () => {
    gateway = await startGateway(config)
    await chat()
    expect(JSON.parse((await chat()).text)).toHaveProperty('error.keys.0.reason')
  })
})

describe('a Host header', () => {
  it.each(['evil.example', 'evil.example:9000', '127.0.0.1.evil.example', 'localhost.evil.example', 'EVIL.example.'])(
    '%s is not served where nobody has a key',
    async (host) => {
      await startWith({})
      for (const told of [await ask('/v1/models', { host }), await chat({ host }), await ask('/nowhere', { host })]) {
        expect(told.status).toBe(403)
        expect(JSON.parse(told.text)).toMatchObject({ error: { code: 'host_not_served' } })
      }
    },
  )

  it.each(['localhost:1', '127.0.0.1', '10.1.2.3:80', '[::1]:80', 'gateway', 'host.docker.internal', 'a.localhost'])(
    '%s is',
    async (host) => {
      await startWith({})
      expect((await ask('/v1/models', { host })).status).toBe(200)
    },
  )

  it('is any where clients have keys, and those that are listed where there is a list', async () => {
    await startWith({ api_keys: ['key-of-alice'] })
    expect((await chat({ host: 'llm.example.com', 'x-api-key': 'key-of-alice' })).status).toBe(200)
    await gateway.close()
    await startWith({ hosts: ['llm.example.com', '*.apps.example.com'] })
    expect((await chat({ host: 'LLM.example.com:443' })).status).toBe(200)
    expect((await chat({ host: 'a.apps.example.com' })).status).toBe(200)
    expect((await chat({ host: 'localhost' })).status).toBe(403)
  })
})

describe('a page of another site', () => {
  const origin = 'https://app.example.com'
  const asks = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' }
  const server = { api_keys: ['key-of-alice'], cors: [origin, 'https://*.apps.example.com'] }

  it('asks without a key before it calls', async () => {
    await startWith(server)
    const told = await ask('/v1/chat/completions', { origin, ...asks }, 'OPTIONS')
    expect(told).toMatchObject({
      status: 204,
      headers: {
        'access-control-allow-origin': origin,
        'access-control-allow-headers': 'authorization',
        'access-control-allow-methods': expect.stringContaining('POST'),
        vary: 'origin',
      },
    })
  })

  it('reads answers, streams and errors', async () => {
    await startWith(server)
    const key = { 'x-api-key': 'key-of-alice' }
    const told = [await chat({ origin, ...key }), await chat({ origin }), await ask('/v1/models', { origin, ...key })]
    expect(told.map(({ status }) => status)).toEqual([200, 401, 200])
    for (const { headers } of told) expect(headers['access-control-allow-origin']).toBe(origin)
    const stream = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, ...key },
      body: JSON.stringify({ ...(JSON.parse(BODY) as object), stream: true }),
    })
    await stream.text()
    expect(stream.headers.get('access-control-allow-origin')).toBe(origin)
    expect(stream.headers.get('access-control-expose-headers')).toContain('x-balanced-call-provider')
    expect((await chat({ origin: 'https://a.apps.example.com', ...key })).headers).toHaveProperty(
      'access-control-allow-origin',
    )
  })

  it('calls an open server, and does not look into it', async () => {
    await startWith({ cors: ['*'] })
    expect((await chat({ origin })).status).toBe(200)
    for (const path of ['/v1/admin/config', '/v1/scheduler', '/v1/admin/live', '/metrics']) {
      expect([path, (await ask(path, { origin })).status]).toEqual([path, 403])
    }
    const own = { origin: gateway.url, host: new URL(gateway.url).host }
    expect((await ask('/v1/scheduler', own)).status).toBe(200)
    expect((await ask('/v1/scheduler', {})).status).toBe(200)
  })

  it.each([[{}], [{ cors: ['https://other.example.com'] }]])('may not where %o', async (given) => {
    await startWith(given)
    const told = await ask('/v1/chat/completions', { origin, ...asks }, 'OPTIONS')
    expect(told.status).toBe(403)
    expect(JSON.parse(told.text)).toMatchObject({ error: { message: expect.stringContaining('server.cors') } })
    expect((await chat({ origin })).headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('may send no form either, of which no browser asks before', async () => {
    const send = async (from: Record<string, string>): Promise<number> => {
      const form = new FormData()
      form.set('model', 'none')
      form.set('file', new Blob(['x']), 'a.wav')
      const sent = await fetch(`${gateway.url}/v1/audio/transcriptions`, { method: 'POST', headers: from, body: form })
      await sent.text()
      return sent.status
    }
    await startWith({})
    expect([await send({ origin }), await send({ origin: 'null' })]).toEqual([403, 403])
    // its own page, and whoever is no browser
    expect([await send({ origin: gateway.url }), await send({})]).toEqual([404, 404])
    await gateway.close()
    await startWith({ cors: [origin] })
    expect([await send({ origin }), await send({ origin: 'https://evil.example' })]).toEqual([404, 403])
  })
})

async function startWith(server: Record<string, unknown>): Promise<void> {
  gateway = await startGateway({ ...SANDBOX, server })
}
