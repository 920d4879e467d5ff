/** The log of requests that replicas share: read from any, as the one of a single process has it, and never in the way. */
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RecordReader } from '../../src/api/routes/records.ts'
import type { RequestRecord } from '../../src/gateway/request-record.ts'
import { openDatabase, openSharedRequests, type Database } from '../../src/store/postgres/database.ts'
import { connectPool } from '../../src/store/postgres/connections.ts'
import { writeRequests } from '../../src/store/postgres/write-requests.ts'
import { createRequestLog } from '../../src/store/sqlite/request-log.ts'
import { createRecordReader } from '../../src/store/sqlite/request-reader.ts'
import { SANDBOX, startGateway } from '../end-to-end/gateway.ts'
import { hasServer, PASSWORD, startPostgres, type PostgresServer } from './postgres-server.ts'

const SOON = { timeout: 20_000, interval: 50 }
const NOON = Date.UTC(2027, 0, 31, 12)
const DAY = 86_400_000

function record(n: number, more: Partial<RequestRecord> = {}): RequestRecord {
  const isBad = n % 5 === 0
  const trail = [
    { provider: 'acme', model: 'large', key: 'acme#1', at_ms: 0, waited_ms: 0, ms: 50, outcome: 'rate_limit' as const },
  ]
  return {
    id: `req_${n}`,
    client: n % 3 === 0 ? undefined : ['alice', 'bob'][n % 2],
    model: 'fast',
    stream: n % 2 === 0,
    outcome: isBad ? 'server_error' : 'ok',
    provider: 'acme',
    upstream_model: n % 4 === 0 ? 'small' : 'large',
    key: `acme#${n % 2}`,
    attempts: isBad ? 2 : 1,
    queue_ms: n * 3,
    ...(!isBad && { first_ms: 20 + ((n * 7) % 40), output_tokens: n, cost: n / 8 }),
    total_ms: 100,
    input_tokens: 10 * n,
    ...(isBad && { trail, error: 'no answer to key-0001' }),
    ...(n % 7 === 0 && { bodies: { request: '{"a":1}', answer: 'said key-0001' } }),
    ...more,
  }
}

describe.skipIf(!hasServer)('requests in one database', () => {
  let server: PostgresServer
  let schema = ''
  let count = 0
  let now = NOON
  let told: string[] = []
  const opened: Database[] = []
  const redact = (text: string): string => text.replaceAll('key-0001', '[key]')
  beforeAll(async () => void (server = await startPostgres()), 60_000)
  afterAll(() => server.close())
  beforeEach(() => {
    schema = `r${++count}`
    now = NOON
    told = []
  })
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close()
  })

  async function open(answer?: number, every = 0): Promise<Database> {
    const address = { url: server.url(), schema, ...(answer !== undefined && { answer }) }
    const database = await openDatabase(address, { every })
    opened.push(database)
    return database
  }

  function logOf(database: Database, more: { age?: number; size?: number } = {}) {
    return database.openLog({
      age: 30 * DAY,
      size: 1e9,
      wall: () => now,
      redact,
      failed: (why) => void told.push(why),
      again: (lost) => void told.push(`lost ${lost}`),
      ...more,
    })
  }

  test('are found from any replica, as those of one process are in its file', async () => {
    const [one, other] = [await open(), await open()]
    const folder = mkdtempSync(join(tmpdir(), 'requests-'))
    try {
      const log = logOf(one)
      const single = createRequestLog({
        folder,
        age: 30 * DAY,
        size: 1e9,
        wall: () => now,
        redact,
        failed: () => {},
        again: () => {},
      })
      for (let n = 1; n <= 40; n++) {
        now = NOON + n * 60_000
        log.record(record(n))
        single.record(record(n))
      }
      await log.close()
      single.close()
      const [shared, alone] = [other.records, createRecordReader(folder)]
      const questions: ((reader: RecordReader) => Promise<unknown>)[] = [
        (reader) => reader.list({}),
        (reader) => reader.list({ limit: 3 }),
        (reader) => reader.list({ client: 'alice', model: 'large', limit: 5 }),
        (reader) => reader.list({ failed: true, since: NOON + 10 * 60_000 }),
        (reader) => reader.list({ after: 30, key: 'acme#1' }),
        (reader) => reader.list({ before: 9, outcome: 'ok' }),
        (reader) => reader.find('req_7'),
        (reader) => reader.find('req_5'),
        (reader) => reader.find('nobody'),
        (reader) => reader.spend({ by: ['client', 'model'] }),
        (reader) => reader.spend({ by: ['day'], since: '2027-01-31', until: '2027-02-01' }),
        (reader) => reader.spend({ by: [], client: 'bob' }),
        (reader) => reader.spend({ by: ['key'], since: '2028-01-01' }),
        ...(['model', 'client', 'outcome'] as const).map(
          (by) => (reader: RecordReader) => reader.traffic({ by, since: NOON, until: NOON + DAY, step: 600_000 }),
        ),
      ]
      for (const ask of questions) expect(await ask(shared)).toEqual(await ask(alone))
      const { records } = await openSharedRequests({ url: server.url(), schema })
      expect(await records.list({ limit: 1 })).toMatchObject([{ id: 'req_40', number: 40 }])
      expect(JSON.stringify(await shared.find('req_7'))).not.toContain('key-0001')
      expect(told).toEqual([])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  test('are numbered in their order and summed up exactly when two write at once, whatever texts say', async () => {
    const logs = [logOf(await open()), logOf(await open())]
    for (let n = 0; n < 3000; n++) logs[n % 2]?.record(record(1, { id: `req_${n}`, cost: 0.25 }))
    logs[0]?.record(record(1, { id: 'odd', error: 'nul \0, half \uD83D', cost: 0.25, max_tokens: 1e300 }))
    await Promise.all(logs.map((log) => log.close()))
    const { records } = opened[0] as Database
    expect(told).toEqual([])
    expect((await records.list({ limit: 5000 })).map(({ number }) => number)).toEqual(
      Array.from({ length: 3001 }, (_, index) => index + 1),
    )
    // a batch that overtook another would begin with the same sum, and a reader who follows would miss the other
    const pool = await connectPool({ url: server.url(), schema })
    const totals = (await pool.query(`SELECT total FROM ${schema}.request ORDER BY number`, [])).map(
      (row) => row['total'],
    )
    await pool.close()
    expect(totals).toEqual([...new Set(totals)].toSorted((a, b) => Number(a) - Number(b)))
    expect(await records.find('odd')).toMatchObject({ max_tokens: 1e300, error: 'nul \uFFFD, half \uFFFD' })
    expect(await records.spend({ by: [] })).toMatchObject([{ requests: 3001, cost: 3001 / 4 }])
  })

  test('wait behind a lock that another holds on all tables; nobody who is served notices, and nothing piles up at the server', async () => {
    await open()
    // what is looked for often, and may take only so long
    const database = await open(400, 20)
    const gateway = await startGateway({ ...SANDBOX, server: { admin_keys: ['key-of-admin'] } }, {}, { database })
    const [holder, watcher] = [new pg.Client(server.url()), new pg.Client(server.url())]
    await Promise.all([holder.connect(), watcher.connect()])
    const admin = async (method: string, path: string, body?: object): Promise<[number, string]> => {
      const answer = await fetch(`${gateway.url}/v1/${path}`, {
        method,
        headers: { authorization: 'Bearer key-of-admin', ...(body && { 'content-type': 'application/json' }) },
        ...(body && { body: JSON.stringify(body) }),
      })
      return [answer.status, await answer.text()]
    }
    const ask = (): Promise<[number, string]> =>
      admin('POST', 'chat/completions', { model: 'fast', messages: [{ role: 'user', content: 'Hello' }] })
    const held = new Set<number>()
    const waiting = async (): Promise<number> => {
      const { rows } = await watcher.query<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'balanced-call' AND wait_event_type = 'Lock'`,
      )
      for (const { pid } of rows) held.add(pid)
      return rows.length
    }
    let most = 0
    try {
      const { rows } = await holder.query<{ name: string }>(
        'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1',
        [schema],
      )
      const tables = rows.map(({ name }) => `${schema}.${name}`).join(', ')
      await holder.query(`BEGIN; LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`)
      expect((await ask())[0]).toBe(200)
      const [refused, list] = await Promise.all([
        admin('POST', 'admin/keys', { name: 'bob' }),
        admin('GET', 'admin/requests'),
      ])
      expect(refused).toEqual([503, expect.stringContaining('not_kept')])
      expect(list).toEqual([503, expect.stringContaining('took it too long')])
      await expect
        .poll(() => gateway.lines.join('\n'), SOON)
        .toMatch(/cannot be logged and wait.*took it too long|took it too long.*wait/)
      expect((await ask())[0]).toBe(200)
      // tried again and again: each try has had its time, and the server has let go of it
      await expect.poll(async () => ((most = Math.max(most, await waiting())), held.size), SOON).toBeGreaterThan(5)
      expect(most).toBeLessThanOrEqual(4)
      await holder.query('ROLLBACK')
      await expect
        .poll(async () => JSON.parse((await admin('GET', 'admin/requests'))[1]), SOON)
        .toMatchObject({
          data: [{ outcome: 'ok' }, { outcome: 'ok' }],
        })
      expect((await admin('POST', 'admin/keys', { name: 'bob' }))[0]).toBe(201)
    } finally {
      await Promise.all([holder.end(), watcher.end()])
      await gateway.close()
    }
  })

  test('one that the database cannot hold takes no other with it, and is told', async () => {
    const log = logOf(await open())
    log.record(record(1))
    log.record(record(2, { model: null as never }))
    log.record(record(3))
    await log.close()
    const rows = await opened[0]?.records.list({})
    expect(rows?.map(({ id }) => id)).toEqual(['req_1', 'req_3'])
    expect(told).toEqual([expect.stringContaining('the database'), 'lost 1'])
  })

  test('one that is too long for an index takes no other with it either', async () => {
    const log = logOf(await open())
    log.record(record(1))
    log.record(record(2, { client: randomBytes(9000).toString('base64') }))
    log.record(record(3))
    await log.close()
    const rows = await opened[0]?.records.list({})
    expect(rows?.map(({ id }) => id)).toEqual(['req_1', 'req_3'])
    expect(told.at(-1)).toBe('lost 1')
  })

  test('with long bodies are written a few at a time, as each batch has only so long', async () => {
    const log = logOf(await open())
    const bodies = { request: 'x'.repeat(256 * 1024) }
    for (let n = 0; n < 12; n++) log.record(record(1, { id: `req_${n}`, bodies }))
    await log.close()
    expect((await opened[0]?.records.list({}))?.length).toBe(12)
    const pool = await connectPool({ url: server.url(), schema })
    expect(await pool.query(`SELECT count(*)::int AS count FROM ${schema}.request_batch`, [])).toEqual([{ count: 4 }])
    await pool.close()
  })

  test('go when they are too old or too many; what was spent stays', async () => {
    const database = await open()
    const first = logOf(database)
    for (let n = 0; n < 100; n++) first.record(record(1, { cost: 1 }))
    await first.close()
    now += 2 * DAY
    const second = logOf(database, { age: DAY, size: 200_000 })
    for (let n = 0; n < 1000; n++) second.record(record(1, { id: `req_${n}`, cost: 1, error: 'x'.repeat(200) }))
    await second.close()
    const rows = await database.records.list({ limit: 5000 })
    expect(rows.length).toBeGreaterThan(100)
    expect(rows.length).toBeLessThan(300)
    expect(rows.at(-1)?.id).toBe('req_999')
    expect(await database.records.spend({ by: [] })).toMatchObject([{ requests: 1100, cost: 1100 }])
  })

  test('wait while the server is away, within bounds; what is lost is told; nobody who is served notices', async () => {
    const [one, other] = [await open(), await open()]
    const config = { ...SANDBOX, server: { admin_keys: ['key-of-admin'] } }
    const [gateway, second] = [
      await startGateway(config, {}, { database: one }),
      await startGateway(config, {}, { database: other }),
    ]
    const ask = async (): Promise<number> => {
      const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }),
      })
      await answer.text()
      return answer.status
    }
    const listed = async (): Promise<{ status: number; text: string; rows: number }> => {
      const answer = await fetch(`${second.url}/v1/admin/requests`, {
        headers: { authorization: 'Bearer key-of-admin' },
      })
      const text = await answer.text()
      return { status: answer.status, text, rows: (JSON.parse(text) as { data?: object[] }).data?.length ?? 0 }
    }
    try {
      expect(await ask()).toBe(200)
      await expect.poll(async () => (await listed()).rows, SOON).toBe(1)
      await server.stop()
      try {
        expect(await ask()).toBe(200)
        await expect.poll(() => gateway.lines.join('\n'), SOON).toContain('requests cannot be logged and wait')
        expect(await ask()).toBe(200)
        const refused = await listed()
        expect(refused.status).toBe(503)
        expect(refused.text).toContain('nothing listens there')
        const log = logOf(one)
        for (let n = 0; n < 25_000; n++) log.record(record(1))
        await log.close()
        expect(told.at(-1)).toBe('lost 25000')
      } finally {
        await server.start()
      }
      await expect.poll(async () => (await listed()).rows, SOON).toBe(3)
      expect(gateway.lines.join('\n')).toContain('"lost":0')
      expect([...gateway.lines, ...told].join('\n')).not.toContain(PASSWORD)
    } finally {
      await gateway.close()
      await second.close()
    }
  })

  test('responses that clients ask to keep are gone on from at any replica, and outlive them', async () => {
    const gateways = [
      await startGateway(SANDBOX, {}, { database: await open() }),
      await startGateway(SANDBOX, {}, { database: await open() }),
    ]
    const at = async (index: number, method: string, path = '', body?: object) => {
      const answer = await fetch(`${gateways[index]?.url}/v1/responses${path}`, {
        method,
        ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      })
      const said = (await answer.json()) as { id: string; data: unknown[]; error?: { message: string } }
      return { ...said, http: answer.status }
    }
    const say = (index: number, input: string, previous?: string) =>
      at(index, 'POST', '', { model: 'fast', input, ...(previous !== undefined && { previous_response_id: previous }) })
    try {
      const first = await say(0, 'My name is \uD83D Ann')
      const second = await say(1, 'And yours?', first.id)
      const third = await say(0, 'Good.', second.id)
      expect([first, second, third].map(({ http }) => http)).toEqual([200, 200, 200])
      expect(await at(1, 'GET', `/${third.id}`)).toMatchObject({ http: 200, id: third.id })
      expect((await at(1, 'GET', `/${second.id}/input_items`)).data).toHaveLength(1)
      await server.stop()
      try {
        const alone = await say(0, 'Is anybody there?')
        expect(alone.http).toBe(200)
        expect(await at(0, 'GET', `/${alone.id}`)).toMatchObject({ http: 200 })
        const refused = await say(1, 'And now?', third.id)
        expect(refused.http).toBe(503)
        expect(refused.error?.message).toContain('nothing listens there')
        await server.start()
        await expect.poll(async () => (await at(1, 'GET', `/${alone.id}`)).http, SOON).toBe(200)
      } finally {
        await server.start().catch(() => {})
      }
      expect(await at(1, 'DELETE', `/${first.id}`)).toMatchObject({ http: 200 })
      expect(await say(0, 'Who am I?', third.id)).toMatchObject({ http: 400 })
      await gateways[0]?.close()
      gateways[0] = await startGateway(SANDBOX, {}, { database: await open() })
      expect(await at(0, 'GET', `/${third.id}`)).toMatchObject({ http: 200, id: third.id })
    } finally {
      for (const each of gateways) await each.close()
    }
  })

  test('kept responses go when they are too many', async () => {
    let wall = NOON
    const lost: number[] = []
    const kept = (await open()).openResponses({
      most: 1000,
      wall: () => wall,
      failed: () => {},
      again: (n) => void lost.push(n),
    })
    for (let n = 0; n < 20; n++)
      kept.put({
        id: `r${n}`,
        client: 'alice',
        previous: undefined,
        isNative: false,
        items: [],
        response: { text: 'x'.repeat(100) },
      })
    await kept.close()
    wall += 1
    const there = (await open()).openResponses({ wall: () => wall, failed: () => {}, again: () => {} })
    expect(await there.get('r19', 'alice')).toBeDefined()
    expect(await there.get('r19', 'bob')).toBeUndefined()
    expect(await there.get('r2', 'alice')).toBeUndefined()
    await there.close()
    expect(lost).toEqual([])
  })

  test('a batch whose answer was lost is written once', async () => {
    const database = await open()
    const pool = await connectPool(database.address)
    const batch = { id: randomUUID(), rows: [{ at: NOON, record: record(1, { cost: 1 }) }] }
    for (let tries = 0; tries < 2; tries++) await pool.transact((ask) => writeRequests(ask, schema, batch, redact))
    await pool.close()
    expect((await database.records.list({})).length).toBe(1)
    expect(await database.records.spend({ by: [] })).toMatchObject([{ requests: 1, cost: 1 }])
  })
})
