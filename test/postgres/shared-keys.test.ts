/** Keys that two gateways share in one database: what one changes holds at the other, whatever comes between. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { addedKeys, aboutOf, type StoredProviderKey } from '../../src/app/desk/kept-provider-keys.ts'
import { moveKeys } from '../../src/app/desk/move-keys.ts'
import { takeKeys } from '../../src/cli/import-keys.ts'
import { openDocuments } from '../../src/store/sqlite/document-file.ts'
import { createVault } from '../../src/store/vault.ts'
import { openDatabase, type Database } from '../../src/store/postgres/database.ts'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { hasServer, PASSWORD, startPostgres, type PostgresServer } from './postgres-server.ts'

const SOON = { timeout: 10_000, interval: 20 }
/** Milliseconds: what is told at once is not looked for. */
const NEVER = 3_600_000

const config = {
  ...SANDBOX,
  server: { admin_keys: ['key-of-admin'] },
}

interface Key {
  id: string
  name: string
  status: string
  key: string
  http: number
  limits?: unknown
  left?: { level: number }[]
  data: Key[]
  error?: { message: string; code: string }
}

interface Replica extends TestGateway {
  database: Database
  admin(method: string, path: string, body?: unknown): Promise<Key>
  ask(key: string): Promise<number>
}

let server: PostgresServer
beforeAll(async () => {
  if (hasServer) server = await startPostgres()
}, 60_000)
afterAll(() => server?.close())

describe.skipIf(!hasServer)('two gateways on one database', () => {
  let schema = ''
  let count = 0
  let replicas: Replica[] = []
  beforeEach(() => void (schema = `s${++count}`))
  afterEach(async () => {
    for (const each of replicas.splice(0)) {
      await each.close()
      await each.database.close()
    }
    replicas = []
  })

  async function replica(every = NEVER): Promise<Replica> {
    const database = await openDatabase({ url: server.url(), schema }, { every, exchange: 20 })
    const gateway = await startGateway(config, {}, { database })
    const made: Replica = {
      ...gateway,
      database,
      async admin(method, path, body) {
        const answer = await fetch(`${gateway.url}/v1/admin/keys${path}`, {
          method,
          headers: {
            authorization: 'Bearer key-of-admin',
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        return { ...((await answer.json()) as Key), http: answer.status }
      },
      async ask(key) {
        const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${key}`, 'x-max-wait': '0' },
          body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }),
        })
        await answer.text()
        return answer.status
      },
    }
    replicas.push(made)
    return made
  }

  test('a key that one makes, rotates, limits and revokes is so at the other', async () => {
    const [one, other] = [await replica(), await replica()]
    const made = await one.admin('POST', '', { name: 'alice', limits: { rpm: 100 } })
    expect(made.http).toBe(201)
    await expect.poll(() => other.ask(made.key), SOON).toBe(200)
    const turned = await other.admin('POST', '/alice/rotate', { overlap: '0s' })
    await expect.poll(() => one.ask(turned.key), SOON).toBe(200)
    await expect.poll(() => one.ask(made.key), SOON).toBe(401)
    await one.admin('PATCH', '/alice', { limits: { rpm: 1 } })
    await expect.poll(async () => (await other.admin('GET', '/alice')).limits, SOON).toEqual({ rpm: 1 })
    await expect.poll(() => other.ask(turned.key), SOON).toBe(429)
    await one.admin('DELETE', '/alice')
    await expect.poll(() => other.ask(turned.key), SOON).toBe(401)
    const late = await replica()
    expect((await late.admin('GET', '/alice')).status).toBe('revoked')
    expect(await late.ask(turned.key)).toBe(401)
  })

  test('of changes at once none is lost, and one of two that make the same name is refused', async () => {
    const [one, other] = [await replica(), await replica()]
    const twins = await Promise.all([one, other].map((each) => each.admin('POST', '', { name: 'alice' })))
    expect(twins.map(({ http }) => http).toSorted()).toEqual([201, 409])
    const fields = { weight: 3, tags: ['night'], models: ['fast'], max_wait: '5s' }
    const changes = Object.entries(fields).map(([name, value], index) =>
      (index % 2 === 0 ? one : other).admin('PATCH', '/alice', { [name]: value }),
    )
    expect((await Promise.all(changes)).map(({ http }) => http)).toEqual([200, 200, 200, 200])
    await expect.poll(() => one.admin('GET', '/alice'), SOON).toMatchObject(fields)
    await expect.poll(() => other.admin('GET', '/alice'), SOON).toMatchObject(fields)
    const names = Array.from({ length: 10 }, (_, index) => `c${index}`)
    await Promise.all(names.map((name, index) => (index % 2 === 0 ? one : other).admin('POST', '', { name })))
    await expect.poll(async () => (await one.admin('GET', '')).data.length, SOON).toBe(11)
    await expect.poll(async () => (await other.admin('GET', '')).data.length, SOON).toBe(11)
  })

  test('what a client uses at one counts at the other, and after a start without a data folder', async () => {
    const [one, other] = [await replica(), await replica()]
    const limits = [{ requests: 4, per: 'day' }]
    const { key } = await one.admin('POST', '', { name: 'alice', limits })
    const left = async (at: Replica): Promise<unknown> => (await at.admin('GET', '/alice')).left?.[0]?.level
    await expect.poll(() => other.ask(key), SOON).toBe(200)
    await expect.poll(() => left(one), SOON).toBe(3)
    expect(await one.ask(key)).toBe(200)
    await expect.poll(() => left(other), SOON).toBe(2)
    await server.stop()
    // who is served waits for no database; what was used meanwhile is added later
    expect(await one.ask(key)).toBe(200)
    await server.start()
    await expect.poll(() => left(other), SOON).toBe(1)
    for (const each of replicas.splice(0)) {
      await each.close()
      await each.database.close()
    }
    const late = await replica()
    expect(await left(late)).toBe(1)
    expect([await late.ask(key), await late.ask(key)]).toEqual([200, 429])
  })

  test('while the server is away keys open what they did, none can be changed, and all is well when it is back', async () => {
    const [one, other] = [await replica(50), await replica(50)]
    const { key } = await one.admin('POST', '', { name: 'alice' })
    await expect.poll(() => other.ask(key), SOON).toBe(200)
    await server.stop()
    try {
      await expect.poll(() => other.lines.join('\n'), SOON).toContain('the database does not answer')
      expect(await Promise.all([one.ask(key), other.ask(key)])).toEqual([200, 200])
      const refused = await one.admin('POST', '', { name: 'bob' })
      expect(refused).toMatchObject({ http: 503, error: { code: 'not_kept' } })
      expect(refused.error?.message).toContain('nothing listens there')
    } finally {
      await server.start()
    }
    await expect.poll(() => other.lines.join('\n'), SOON).toContain('the database answers again')
    const bob = await one.admin('POST', '', { name: 'bob' })
    expect(bob.http).toBe(201)
    await expect.poll(() => other.ask(bob.key), SOON).toBe(200)
    expect([...one.lines, ...other.lines].join('\n')).not.toContain(PASSWORD)
  })

  test('a connection that nothing comes through is given up, and does not keep the process from its end', async () => {
    const one = await replica()
    const line = await startLine(server.port)
    const url = server.url().replace(`:${server.port}/`, `:${line.port}/`)
    try {
      const database = await openDatabase({ url, schema, answer: 200 }, { every: 50 })
      const names = (): string[] =>
        [...database.table('client_key').all().values()].map((each) => (each as { name: string }).name)
      const listening = async (): Promise<number> => {
        const rows = await client.query(`SELECT 1 FROM pg_stat_activity WHERE query = 'LISTEN "${schema}"'`)
        return rows.rows.length
      }
      const client = new pg.Client(server.url())
      await client.connect()
      try {
        await expect.poll(listening, SOON).toBe(2)
        line.hold()
        await one.admin('POST', '', { name: 'alice' })
        await expect.poll(names, SOON).toEqual(['alice'])
        // the server has not heard that the one of before is gone
        expect(await listening()).toBe(3)
        line.hold()
        const began = performance.now()
        await database.close()
        expect(performance.now() - began).toBeLessThan(4000)
      } finally {
        await client.end()
      }
    } finally {
      line.close()
    }
  })

  test('a change whose end nobody confirms may have been kept, and is told so', async () => {
    const line = await startLine(server.port)
    const url = server.url().replace(`:${server.port}/`, `:${line.port}/`)
    const database = await openDatabase({ url, schema, answer: 300 }, { every: 0 })
    const gateway = await startGateway(config, {}, { database })
    try {
      line.holdAnswersTo('COMMIT')
      const answer = await fetch(`${gateway.url}/v1/admin/keys`, {
        method: 'POST',
        headers: { authorization: 'Bearer key-of-admin', 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'alice' }),
      })
      expect(answer.status).toBe(503)
      expect(await answer.json()).toMatchObject({
        error: {
          code: 'may_be_kept',
          message: expect.stringContaining('may have been stored: the database') as string,
        },
      })
    } finally {
      await gateway.close()
      await database.close()
      line.close()
    }
    // and so it was
    const one = await replica()
    expect(await one.admin('GET', '/alice')).toMatchObject({ name: 'alice', status: 'active' })
  })

  test('keys that were made in a data folder come to a database that never had any, and are told where it had', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'folder-'))
    const env = { BALANCED_CALL_SECRET_KEY: 'the-same-for-all-replicas' }
    const database = await openDatabase({ url: server.url(), schema }, { every: 0 })
    const said: string[] = []
    const take = (of = env): Promise<void> => takeKeys(folder, database, of, (line) => void said.push(line))
    const client = (id: string, name: string) => ({ id, name, entry: {}, created: 0, secrets: [] })
    const sealed = (id: string): StoredProviderKey => {
      const about = { id, provider: 'vendor' }
      const secret = createVault(folder, undefined).seal('"sk-of-the-folder"', aboutOf(about))
      return { ...about, name: `vendor#${id}`, sealed: secret, masked: 'sk-…', beside: {}, created: 0 }
    }
    const make = async (kind: 'client_key' | 'provider_key', document: { id: string }): Promise<void> => {
      const file = openDocuments(folder)
      await file.table(kind).change(() => ({ id: document.id, document }))
      file.close()
    }
    try {
      await take()
      expect(said).toEqual([])
      await make('client_key', client('key_1', 'alice'))
      await make('provider_key', sealed('1'))
      await take()
      expect(said.splice(0)).toEqual([
        `the keys of ${folder} were copied to the database, which had none: alice, vendor#1`,
      ])
      const added = addedKeys({ shared: database.table('provider_key') }, env, (why) => void said.push(why))
      expect(added).toMatchObject({ vendor: [{ name: 'vendor#1', written: { key: 'sk-of-the-folder' } }] })
      await take()
      expect(said).toEqual([])
      await make('client_key', client('key_2', 'alice'))
      await make('client_key', client('key_3', 'bob'))
      await make('provider_key', sealed('2'))
      await take()
      expect(said.splice(0)).toEqual([expect.stringContaining('3 keys of')])
      expect(await moveKeys(folder, database, {})).toEqual({
        moved: ['bob'],
        left: [
          { name: 'alice', why: 'another one has its name' },
          { name: 'vendor#2', why: expect.stringContaining('set BALANCED_CALL_SECRET_KEY') as string },
        ],
      })
      expect((await moveKeys(folder, database, env)).moved).toEqual(['vendor#2'])
    } finally {
      await database.close()
      rmSync(folder, { recursive: true })
    }
  })

  test('what is not told is found by looking, and a state that is put back counts', async () => {
    const [one, other] = [await replica(), await replica(50)]
    const client = new pg.Client(server.url())
    await client.connect()
    try {
      const alice = await one.admin('POST', '', { name: 'alice' })
      const bob = await one.admin('POST', '', { name: 'bob' })
      await expect.poll(() => other.ask(bob.key), SOON).toBe(200)
      // no notice is given of it
      await client.query(`DELETE FROM ${schema}.document WHERE id = $1`, [bob.id])
      await expect.poll(() => other.ask(bob.key), SOON).toBe(401)
      expect(await other.ask(alice.key)).toBe(200)
    } finally {
      await client.end()
    }
  })
})

interface Line {
  port: number
  /** From now on nothing comes through the connections that there are, and nobody is told. */
  hold(): void
  /** From the first such words on nothing comes back, though it is asked. */
  holdAnswersTo(words: string): void
  close(): void
}

async function startLine(to: number): Promise<Line> {
  const ends: [Socket, Socket][] = []
  let held: string | undefined
  const line = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    ends.push([near, far])
    near.on('error', () => {}).pipe(far)
    far.on('error', () => {}).pipe(near)
    near.on('data', (bytes) => {
      if (held !== undefined && bytes.includes(held)) far.unpipe(near).resume()
    })
  }).listen(0, '127.0.0.1')
  await once(line, 'listening')
  return {
    port: (line.address() as AddressInfo).port,
    hold() {
      for (const [near, far] of ends) {
        near.unpipe(far).pause()
        far.unpipe(near).pause()
      }
    },
    holdAnswersTo: (words) => void (held = words),
    close() {
      for (const each of ends.flat()) each.destroy()
      line.close()
    },
  }
}

describe.skipIf(!hasServer)('the database', () => {
  test('is made ready once, by those who start at once and by those who come later', async () => {
    const address = { url: server.url(), schema: 'together' }
    const opened = await Promise.all(Array.from({ length: 4 }, () => openDatabase(address, { every: 0 })))
    opened.push(await openDatabase(address, { every: 0 }))
    await Promise.all(opened.map((each) => each.close()))
    const client = new pg.Client(server.url())
    await client.connect()
    const { rows } = await client.query<{ name: string }>('SELECT name FROM together.migration ORDER BY id')
    await client.end()
    expect(rows.map(({ name }) => name)).toEqual(['001_documents', '002_request_log', '003_usage_and_responses'])
  })

  test.each([
    [
      'a wrong password',
      (url: string) => url.replace(PASSWORD, `${PASSWORD}-no`),
      'it refuses the user or the password',
    ],
    ['no such database', (url: string) => url.replace('/postgres', '/nowhere'), 'it has no such database'],
    ['nobody there', (url: string) => url.replace(/:\d+\//, ':1/'), 'nothing listens there'],
    ['no TLS', (url: string) => `${url}?sslmode=require`, 'agree on no TLS'],
  ])('of %s says so, without a secret', async (_what, wrong, told) => {
    const fault: unknown = await openDatabase({ url: wrong(server.url()), schema: 'wrong' }).catch(
      (each: unknown) => each,
    )
    expect(String(fault)).toContain(told)
    expect(String(fault)).toContain('127.0.0.1:')
    expect(JSON.stringify(fault, Object.getOwnPropertyNames(fault))).not.toContain(PASSWORD)
  })
})
