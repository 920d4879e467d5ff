/** Clients' keys that are made while the server runs: what they open at once, and how they end. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test, vi } from 'vitest'
import { run as keysCommand } from '../../src/cli/commands/keys.ts'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

/** An answer costs some cents, and is thought to cost some tens of them. */
const price = { input: 1000, output: 1000 }
const config = {
  providers: { sandbox: { ...SANDBOX.providers.sandbox, models: { 'sandbox-fast': { price }, other: {} } } },
  models: { fast: ['sandbox/sandbox-fast'], slow: ['sandbox/other'] },
  clients: { bob: { keys: 'key-of-bob' } },
  groups: { poor: { limits: { usd: 1, per: 'day' } } },
  server: { admin_keys: ['key-of-admin'], api_keys: { limited: 'key-of-limited' } },
  scheduler: { clients: { limited: { limits: { rpm: 5 } } } },
}

let data: string
let gateway: TestGateway
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'client-keys-'))
  gateway = await startGateway(config, {}, { data })
})
afterEach(async () => {
  await gateway.close()
  rmSync(data, { recursive: true, force: true })
})

interface Window {
  limits?: unknown
}

interface Key {
  id: string
  name: string
  status: string
  key: string
  prefix: string
  secrets: object[]
  left: { scope: string; limit: string; level: number }[]
  spent: { day: number }
  error: { message: string; code: string }
}

async function admin(method: string, path: string, body?: unknown, key = 'key-of-admin') {
  const answer = await fetch(`${gateway.url}/v1/admin/keys${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const told = (await answer.json()) as Key & { data: Key[] }
  return { ...told, http: answer.status }
}

async function ask(key: string, model = 'fast', more: Record<string, string> = {}) {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-max-wait': '0', ...more },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  return { status: answer.status, text: await answer.text() }
}

describe('a key', () => {
  test('opens at once what it may, for the official SDK too, and is shown once', async () => {
    const made = await admin('POST', '', { name: 'alice', models: ['fast'], limits: { rpm: 2 }, tags: ['night'] })
    expect(made).toMatchObject({ http: 201, name: 'alice', status: 'active', models: ['fast'], tags: ['night'] })
    expect(made.key.startsWith(made.prefix)).toBe(true)
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: made.key, maxRetries: 0 })
    const answer = await client.chat.completions.create({ model: 'fast', messages: [{ role: 'user', content: 'Hi' }] })
    expect(answer.choices[0]?.message.content).toBeTruthy()
    const refused = await ask(made.key, 'slow')
    expect(refused.status).toBe(403)
    expect(refused.text).toContain('model_not_allowed')
    expect((await ask(made.key)).status).toBe(200)
    const over = await ask(made.key)
    expect(over.status).toBe(429)
    expect(over.text).toContain('client alice: requests per minute: 0 of 2 left')

    const listed = await admin('GET', '')
    expect(listed.data).toMatchObject([{ name: 'alice', prefix: made.prefix }])
    expect(JSON.stringify(listed)).not.toContain(made.key)
    expect((await admin('GET', `/${made.id}`)).left).toMatchObject([{ scope: 'client alice', level: 0 }])
    expect((await admin('GET', '/alice')).id).toBe(made.id)
    for (const name of readdirSync(data))
      expect(readFileSync(join(data, name)).includes(Buffer.from(made.key))).toBe(false)
    expect(gateway.lines.join('\n')).not.toContain(made.key)
  })

  test('is rotated with an overlap; counts and spend stay', async () => {
    const made = await admin('POST', '', { name: 'alice', limits: [{ usd: 5, per: 'day' }] })
    expect((await ask(made.key)).status).toBe(200)
    const before = (await admin('GET', '/alice')).left[0]?.level ?? 5
    expect(before).toBeLessThan(5)
    const rotated = await admin('POST', `/${made.id}/rotate`, { overlap: '1h' })
    expect(rotated.secrets).toHaveLength(2)
    expect([(await ask(made.key)).status, (await ask(rotated.key)).status]).toEqual([200, 200])
    expect((await admin('GET', '/alice')).left[0]?.level).toBeLessThan(before)
    const again = await admin('POST', '/alice/rotate', { overlap: '0s' })
    expect([(await ask(made.key)).status, (await ask(rotated.key)).status]).toEqual([401, 401])
    expect((await ask(again.key)).status).toBe(200)
    await expect.poll(async () => (await admin('GET', '/alice')).spent.day, { timeout: 5000 }).toBeGreaterThan(0)
  })

  test('is changed and revoked at once, and its reason is told', async () => {
    const made = await admin('POST', '', { name: 'alice' })
    expect((await ask(made.key, 'slow')).status).not.toBe(403)
    expect(await admin('PATCH', '/alice', { models: ['fast'], limits: { rpm: 1 } })).toMatchObject({ models: ['fast'] })
    expect((await ask(made.key, 'slow')).status).toBe(403)
    expect((await ask(made.key)).status).toBe(200)
    expect((await ask(made.key)).status).toBe(429)
    expect(await admin('PATCH', '/alice', { limits: null })).not.toHaveProperty('limits')
    expect((await ask(made.key)).status).toBe(200)
    await admin('PATCH', '/alice', { expires: '2020-01-01' })
    expect((await ask(made.key)).text).toContain('expired at 2020-01-02T00:00Z')
    expect(await admin('DELETE', '/alice')).toMatchObject({ status: 'revoked' })
    expect((await ask(made.key)).text).toContain('was revoked')
    expect(await admin('POST', '/alice/rotate', {})).toMatchObject({ http: 409, error: { code: 'key_revoked' } })
    // its name is free again, and the old key stays shut
    const next = await admin('POST', '', { name: 'alice' })
    expect([(await ask(made.key)).status, (await ask(next.key)).status]).toEqual([401, 200])
  })

  test('shares the limits of its group with those of the file', async () => {
    const made = await admin('POST', '', { name: 'carol', groups: 'poor' })
    while ((await ask(made.key)).status === 200);
    expect((await ask(made.key)).text).toContain('group poor: usd per day')
  })

  test('is there after a restart, with what was counted', async () => {
    const made = await admin('POST', '', { name: 'alice', models: ['fast'] })
    const gone = await admin('POST', '', { name: 'eve' })
    await admin('DELETE', '/eve')
    await gateway.close()
    gateway = await startGateway(config, {}, { data })
    expect([(await ask(made.key)).status, (await ask(made.key, 'slow')).status]).toEqual([200, 403])
    expect((await ask(gone.key)).text).toContain('was revoked')
  })
})

describe('what is refused', () => {
  test.each([
    [{}, 400, 'name is missing'],
    [{ name: 'a b' }, 400, 'name is missing'],
    [{ name: 'x', limts: {} }, 400, 'did you mean limits?'],
    [{ name: 'x', limits: { rpm: 'many' } }, 400, 'limits.rpm'],
    [{ name: 'x', groups: 'por' }, 400, 'did you mean poor?'],
    [{ name: 'x', expires: 'soon' }, 400, 'expected a day'],
    [{ name: 'x', expires: '2020-01-01' }, 400, 'over already'],
    [{ name: 'x', keys: 'mine' }, 400, 'made by the server'],
    [{ name: 'bob' }, 409, 'There is a client bob'],
    [{ name: 'admin' }, 409, 'There is a client admin'],
    [{ name: 'anonymous' }, 409, 'There is a client anonymous'],
    [{ name: 'limited' }, 409, 'There is a client limited'],
    [[], 400, 'Send a JSON object'],
  ])('%j', async (body, status, message) => {
    const told = await admin('POST', '', body)
    expect(told.http).toBe(status)
    expect(told.error.message).toContain(message)
  })

  test('who is no administrator, and other sites', async () => {
    expect((await admin('GET', '', undefined, 'key-of-bob')).http).toBe(403)
    const headers = { authorization: 'Bearer key-of-admin', origin: 'https://evil.example' }
    const answer = await fetch(`${gateway.url}/v1/admin/keys/x`, { method: 'DELETE', headers })
    expect(answer.status).toBe(403)
    expect((await admin('GET', '/nobody')).http).toBe(404)
    expect((await admin('POST', '/nobody/rotate', { overlap: 'soon' })).http).toBe(404)
  })
})

test('the first key closes a server that was open, and the last one that is revoked does not open it', async () => {
  await gateway.close()
  const { clients: _, scheduler: __, ...open } = config
  gateway = await startGateway({ ...open, server: { admin_keys: ['key-of-admin'] } }, {}, { data })
  expect((await ask('any')).status).toBe(200)
  await admin('POST', '', { name: 'alice' })
  expect((await ask('any')).status).toBe(401)
  await admin('DELETE', '/alice')
  expect((await ask('any')).status).toBe(401)
})

test('without a data folder, or without administrators, it is said what to set', async () => {
  await gateway.close()
  gateway = await startGateway(config)
  expect(await admin('GET', '')).toMatchObject({ http: 409, error: { code: 'no_data_folder' } })
  await gateway.close()
  gateway = await startGateway(SANDBOX, {}, { data })
  expect(await admin('POST', '', { name: 'alice' })).toMatchObject({ http: 409, error: { code: 'no_admin_key' } })
})

test('a damaged file keeps the server from starting, as nobody knows who may call', async () => {
  await gateway.close()
  for (const name of readdirSync(data)) if (name.startsWith('managed')) rmSync(join(data, name))
  writeFileSync(join(data, 'managed.sqlite'), 'no database at all, but long enough to be read as one'.repeat(100))
  await expect(startGateway(config, {}, { data })).rejects.toThrow(/managed\.sqlite.*cannot be read.*put a copy/s)
  rmSync(join(data, 'managed.sqlite'))
  gateway = await startGateway(config, {}, { data })
})

test('a configuration that comes later goes before, and what it took away is told', async () => {
  const made = await admin('POST', '', { name: 'alice', groups: 'poor' })
  await gateway.close()
  const { groups: _, ...less } = config
  const clients = { ...config.clients, alice: { keys: 'key-of-alice', models: ['slow'] } }
  gateway = await startGateway({ ...less, clients }, {}, { data })
  const lines = gateway.lines.join('\n')
  expect(lines).toContain('"clients":["alice"]')
  expect(lines).toContain('"members":["alice of poor"]')
  // its key is still a key of alice, who has what the file says
  expect((await ask(made.key)).status).toBe(403)
})

test('where the disk takes nothing the key is not there, and that is told', async () => {
  const { DatabaseSync } = await import('node:sqlite')
  const file = new DatabaseSync(join(data, 'managed.sqlite'))
  file.exec("CREATE TRIGGER full BEFORE INSERT ON client_key BEGIN SELECT raise(ABORT, 'the disk is full'); END")
  const refused = await admin('POST', '', { name: 'alice' })
  expect(refused).toMatchObject({ http: 503, error: { code: 'not_kept' } })
  expect(refused.error.message).toContain('the disk is full; nothing has changed')
  file.exec('DROP TRIGGER full')
  file.close()
  expect(await admin('POST', '', { name: 'alice' })).toMatchObject({ http: 201 })
})

describe('the command', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'keys-command-'))
    writeFileSync(join(folder, 'c.yaml'), JSON.stringify(config))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  async function said(...args: string[]): Promise<string> {
    const log = vi.spyOn(console, 'log').mockReturnValue()
    try {
      const where = ['--config', join(folder, 'c.yaml'), '--port', new URL(gateway.url).port]
      expect(await keysCommand([...args, ...where])).toBe(0)
      return log.mock.calls.flat().join('\n')
    } finally {
      log.mockRestore()
    }
  }

  test('makes, lists, shows, changes, rotates and revokes', async () => {
    expect(await said('list')).toContain('no keys were made')
    const text = await said(
      'create',
      'alice',
      '--models',
      'fast, x/*',
      '--rpm',
      '60',
      '--usd-month',
      '20',
      '--tags',
      'a',
    )
    const [key = ''] = /sk-bc-\S{20,}/.exec(text.split('\n').at(-1) ?? '') ?? []
    expect((await ask(key)).status).toBe(200)
    const shown = JSON.parse(await said('show', 'alice', '--json')) as object
    expect(shown).toMatchObject({
      models: ['fast', 'x/*'],
      limits: [{ rpm: 60 }, { usd: 20, per: 'month', resets: '00:00 UTC' }],
      tags: ['a'],
    })
    expect(await said('show', 'alice')).toMatch(/left +client alice, requests\/60s: 59 of 60/)
    expect(await said('change', 'alice', '--limits', '', '--weight', '3')).not.toContain('rpm')
    expect(await said('rotate', 'alice', '--overlap', '0s')).toContain('sk-bc-')
    expect(await said('revoke', 'alice')).toMatch(/status +revoked/)
    expect(await said('list')).toMatch(/alice +revoked +sk-bc-.{6}…/)
  })

  test('changes what it is told and nothing else', async () => {
    const limits = async (): Promise<unknown> => (JSON.parse(await said('show', 'alice', '--json')) as Window).limits
    await said('create', 'alice', '--limits', '[{"rpm":60,"concurrency":5},{"usd":2,"per":"day"}]', '--weight', '2')
    await said('change', 'alice', '--usd-month', '50', '--rpm', '100')
    const month = { usd: 50, per: 'month', resets: '00:00 UTC' }
    expect(await limits()).toEqual([{ concurrency: 5 }, { usd: 2, per: 'day' }, { rpm: 100 }, month])
    await said('change', 'alice', '--rpm', '', '--usd-day', '', '--concurrency', '')
    expect(await limits()).toEqual([month])
    await said('change', 'alice', '--usd-month', '')
    expect(await limits()).toBeUndefined()
    await expect(said('change', 'alice', '--weight', 'abc')).rejects.toThrow('weight: expected a number')
    await expect(said('change', 'alice', '--log-bodies', 'true')).rejects.toThrow('--log-bodies is yes or no')
    await expect(said('change', 'alice', '--limits', '{}', '--rpm', '5')).rejects.toThrow('--limits are all of them')
    await expect(said('change', 'alice')).rejects.toThrow('change what?')
    expect(JSON.parse(await said('show', 'alice', '--json'))).toMatchObject({ weight: 2 })
  })

  test('takes a key back though the file is bad now, and says that it is', async () => {
    await said('create', 'alice')
    const noted = vi.spyOn(console, 'error').mockReturnValue()
    try {
      const good = JSON.stringify(config)
      for (const bad of [good.replace('"providers":{', '"providers":{"x":{"format":1},'), `${good}}`]) {
        writeFileSync(join(folder, 'c.yaml'), bad)
        expect(await said('show', 'alice', '--key', 'key-of-admin')).toMatch(/status +active/)
      }
      // what is readable of the file says who administers the server
      writeFileSync(join(folder, 'c.yaml'), good.replace('"providers":{', '"providers":{"x":{"format":1},'))
      expect(await said('revoke', 'alice')).toMatch(/status +revoked/)
      expect(noted.mock.calls.flat().join()).toContain('c.yaml has faults, which balanced-call check shows')
      rmSync(join(folder, 'c.yaml'))
      await expect(said('list')).rejects.toThrow('there is no such file')
    } finally {
      noted.mockRestore()
      writeFileSync(join(folder, 'c.yaml'), JSON.stringify(config))
    }
  })

  test('tells why a server refuses that does not answer to this name', async () => {
    await gateway.close()
    gateway = await startGateway({ ...config, server: { ...config.server, hosts: ['llm.example.com'] } }, {}, { data })
    await expect(said('list')).rejects.toThrow('This server does not answer to the name 127.0.0.1')
  })

  test('tells what the server has against it', async () => {
    await expect(said('list', '--key', 'wrong')).rejects.toThrow("wants an administrator's key")
    await expect(said('list', '--key', 'key-of-bob')).rejects.toThrow("wants an administrator's key")
    await expect(said('create', 'bob')).rejects.toThrow('There is a client bob')
    await expect(said('create')).rejects.toThrow('whose key?')
    await expect(said('make', 'x')).rejects.toThrow('there are create, list')
  })
})
