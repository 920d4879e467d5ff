import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, vi } from 'vitest'
import { connectReplicas } from '../../src/replicas/connect.ts'
import { connectLedger } from '../../src/replicas/ledger/ledger.ts'
import { describeState } from '../../src/replicas/describe-state.ts'
import { realClock } from '../../src/scheduler/clock.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { specOf } from './replica.ts'
import { hasServer, startRedis } from './redis-server.ts'

/** Two ask for one place, and then say how the server is called. */
async function lastPlace(url: string): Promise<[taken: number[], said: string]> {
  const heard: string[] = []
  const connect = (replica: string) =>
    connectLedger({
      url,
      prefix: 'connection',
      timeout: 5000,
      replica,
      wall: () => Date.now(),
      freed: ({ key }) => heard.push(key),
      said: () => {},
      failed: () => {},
    })
  const [one, other] = [await connect('one'), await connect('other')]
  try {
    const place = {
      key: one.keyOf('limit', 'place'),
      shape: 'places' as const,
      amount: 1,
      period: 0,
      guard: 0,
      capacity: 1,
      frame: [0, 0, 0] as const,
    }
    const ask = { ...place, need: 1, cost: 1 }
    const taken = [await one.acquire('a', 60_000, [[ask]]), await other.acquire('b', 60_000, [[ask]])]
    // who waits hears of it
    await vi.waitFor(
      async () => {
        await one.acquire('a', 60_000, [[ask]])
        await other.acquire('b', 60_000, [[ask]])
        await one.settle('a', [{ ...place, mark: 0, back: 1, more: 0 }])
        expect(heard).toContain(place.key)
      },
      { timeout: 10_000 },
    )
    const { text } = await describeState({ url, prefix: 'connection', timeout: 50, on_loss: 'share', replicas: 1 })
    return [taken.map((each) => each.taken), text]
  } finally {
    await one.close()
    await other.close()
  }
}

describe.runIf(hasServer)('a shared state', { timeout: 30_000 }, () => {
  it('may be a cluster, whose nodes have functions of their own', async () => {
    const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])
    try {
      await node.command('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
      await vi.waitFor(
        async () => expect(String(await node.command('CLUSTER', 'INFO'))).toContain('cluster_state:ok'),
        {
          timeout: 10_000,
        },
      )
      const [taken, said] = await lastPlace(`redis+cluster://127.0.0.1:${node.port}`)
      expect(taken).toEqual([0, -1])
      expect(said).toContain(`at 127.0.0.1:${node.port} answers`)
    } finally {
      await node.close()
    }
  })

  it('may be asked by a user of few rights, and is refused by name where one is missing', async () => {
    const server = await startRedis()
    try {
      const rights =
        'reset on >secret ~{connection}* +@read +@write +@pubsub +@connection -@dangerous +fcall +function|load +info +time'
      const allow = (channels: string) => server.command('ACL', 'SETUSER', 'gateway', ...rights.split(' '), channels)
      const url = `redis://gateway:secret@127.0.0.1:${server.port}`
      await allow('&{connection}:*')
      const [taken, said] = await lastPlace(url)
      expect(taken).toEqual([0, -1])
      expect(said).toContain('answers')
      await allow('&other')
      const state = { url, prefix: 'connection', timeout: 50, on_loss: 'share' as const, replicas: 1 }
      expect(await describeState(state)).toMatchObject({ isThere: false, text: expect.stringContaining('channels') })
    } finally {
      await server.close()
    }
  })

  it('is away by its own words where its password has changed, and back without a reload when that is mended', async () => {
    const server = await startRedis()
    const operator = new Redis(server.url)
    const said: string[] = []
    const note = (fields: object, text: string): void => void said.push(`${JSON.stringify(fields)} ${text}`)
    const scheduler = createScheduler(specOf([{ metric: 'requests', amount: 4, period: 60_000 }]))
    const state = { url: server.url, prefix: 'connection', timeout: 500, on_loss: 'share' as const, replicas: 1 }
    const replicated = await connectReplicas(state, () => scheduler, realClock, { info: note, warn: note })
    const until = (words: RegExp): Promise<unknown> =>
      vi.waitUntil(() => said.some((line) => words.test(line)), { timeout: 15_000, interval: 20 })
    try {
      await operator.config('SET', 'requirepass', 'another')
      await operator.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await until(/NOAUTH.*cannot be reached; this replica keeps within its share/)
      await operator.config('SET', 'requirepass', '')
      await until(/replicas count together again/)
      // tried many times, told once
      expect(said.filter((line) => line.includes('it is tried again')).length).toBeLessThanOrEqual(3)
    } finally {
      operator.disconnect()
      await replicated.close()
      scheduler.close()
      await server.close()
    }
  })

  it('is told to be away where no Sentinel answers, without waiting for one', async () => {
    const url = 'redis+sentinel://127.0.0.1:1,127.0.0.1:2/main'
    const told = await describeState({ url, prefix: 'connection', timeout: 50, on_loss: 'share', replicas: 1 })
    expect(told.isThere).toBe(false)
    expect(told.text).toContain('127.0.0.1:1,127.0.0.1:2 cannot be used')
  })

  it('may be the server that Sentinels name, behind passwords', async () => {
    const server = await startRedis(['--requirepass', 'p@ss/1'])
    const folder = mkdtempSync(join(tmpdir(), 'balanced-call-sentinel-'))
    const file = join(folder, 'sentinel.conf')
    writeFileSync(
      file,
      `sentinel monitor main 127.0.0.1 ${server.port} 1\nsentinel auth-pass main p@ss/1\nrequirepass other\n`,
    )
    const sentinel = await startRedis(['--sentinel'], file)
    try {
      const hosts = `127.0.0.1:1,127.0.0.1:${sentinel.port}`
      const [taken, said] = await lastPlace(`redis+sentinel://:p%40ss%2F1@${hosts}/main?sentinel_password=other`)
      expect(taken).toEqual([0, -1])
      expect(said).toContain(`at ${hosts} answers`)
    } finally {
      await sentinel.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
