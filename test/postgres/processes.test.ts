/** Servers as they are started, on one database: keys of providers go round, and what is wrong with the database is told. */
import { writeFileSync, readFileSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecords } from '../../src/cli/data-folder.ts'
import { UsageError } from '../../src/cli/command-line.ts'
import { run } from '../scheduler-http/command-line.ts'
import { ask, report, serve, setStage, SOON, stage, status, write } from '../workers/stage.ts'
import { hasServer, PASSWORD, startPostgres, type PostgresServer } from './postgres-server.ts'

/** For workers that come anew, on a machine that does other work as well. */
const RENEWED = { interval: 50, timeout: 100_000 }
const SECRET = 'sk-added-at-run-time-0001'

describe.skipIf(!hasServer)('servers on one database', () => {
  let server: PostgresServer
  beforeAll(async () => void (server = await startPostgres()), 60_000)
  afterAll(() => server.close())
  setStage()

  function name(url: string): void {
    const config = JSON.parse(readFileSync(stage.file, 'utf8')) as object
    writeFileSync(stage.file, JSON.stringify({ ...config, database: { url } }))
  }

  async function change(url: string, method: string, of = '', body?: object): Promise<Record<string, unknown>> {
    const answered = await fetch(`${url}/v1/admin/provider-keys${of}`, {
      method,
      headers: { connection: 'close', ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    return { http: answered.status, ...((await answered.json()) as Record<string, unknown>) }
  }

  it('serve with the key of a provider that one of them was given, also after a start and in workers', async () => {
    write({ keys: ['${NO_SUCH_KEY}'] })
    name(server.url())
    const env = path.join(stage.folder, 'env')
    writeFileSync(env, 'BALANCED_CALL_SECRET_KEY=the-same-for-all-replicas\n')
    const others: (typeof stage.child)[] = []
    const another = async (): Promise<string> => {
      try {
        return await serve(1, '--env', env)
      } finally {
        others.push(stage.child)
      }
    }
    try {
      const [one, two] = [await another(), await another()]
      expect(await status(ask(two))).not.toBe(200)
      const added = await change(one, 'POST', '', { provider: 'vendor', key: SECRET })
      expect(added).toMatchObject({ http: 201, status: 'ready' })
      await expect.poll(() => status(ask(two)), SOON).toBe(200)
      expect((await report(two)).keys.map(({ key }) => key)).toEqual([added['name']])
      expect(await change(two, 'POST', '', { provider: 'vendor', key: SECRET })).toMatchObject({ http: 409 })
      expect(await change(two, 'DELETE', `/${String(added['id'])}`)).toMatchObject({ status: 'removed' })
      await expect.poll(() => status(ask(one)), SOON).not.toBe(200)
      const both = await Promise.all(
        [one, two].map((url) => change(url, 'POST', '', { provider: 'vendor', key: SECRET })),
      )
      expect(both.map(({ http }) => http).toSorted()).toEqual([201, 409])
      const late = await serve(2, '--env', env)
      expect(await status(ask(late))).toBe(200)
      await server.stop()
      try {
        // workers that come while nobody tells the keys have them from their owner
        stage.child?.kill('SIGHUP')
        await expect.poll(() => stage.said, RENEWED).toContain('SIGHUP: configuration reloaded')
        expect(await status(ask(late))).toBe(200)
      } finally {
        await server.start()
      }
      const kept = both.find(({ http }) => http === 201)
      expect(await change(one, 'DELETE', `/${String(kept?.['id'])}`)).toMatchObject({ status: 'removed' })
      await expect.poll(() => status(ask(late)), RENEWED).not.toBe(200)
    } finally {
      for (const each of others) {
        if (!each || each.exitCode !== null) continue
        each.kill('SIGKILL')
        await once(each, 'exit')
      }
    }
    const client = new pg.Client(server.url())
    await client.connect()
    const { rows } = await client.query<{ document: string }>('SELECT document::text FROM balanced_call.document')
    await client.end()
    expect(JSON.stringify(rows)).not.toContain(SECRET)
    expect(stage.said).not.toContain(SECRET)
  }, 240_000)

  it('tell a database that cannot be used, and show no password', async () => {
    write({})
    const command = (...words: string[]) => run([...words, '--config', stage.file])
    name(server.url())
    const [good, unsafe] = await Promise.all([command('check'), command('serve', '--port', '0', '--host', '0.0.0.0')])
    expect(good.output).toMatch(/database: PostgreSQL .* answers in/)
    // it ends, though it had a connection
    expect([unsafe.code, unsafe.errors]).toEqual([1, expect.stringContaining('others could spend your keys')])
    name(server.url().replace(PASSWORD, `${PASSWORD}-no`))
    const wrong = [['check', '--json'], ['doctor'], ['serve', '--port', '0']]
    for (const told of await Promise.all(wrong.map((words) => command(...words)))) {
      const said = told.output + told.errors
      expect(told.code).toBe(1)
      expect(said).toContain('it refuses the user or the password')
      expect(said).toContain('database.url')
      expect(said).not.toContain(PASSWORD)
    }
    const records = await openRecords({ config: stage.file })
    const asked = [() => records.list({}), () => records.find('one'), () => records.spend({ by: [] })]
    for (const question of asked) {
      const fault: unknown = await question().catch((each: unknown) => each)
      expect(fault).toBeInstanceOf(UsageError)
      expect(String(fault)).toMatch(/the log of requests cannot be read: the database .*: it refuses the user/)
    }
  }, 120_000)
})
