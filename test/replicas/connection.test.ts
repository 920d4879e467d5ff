import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, it, vi } from 'vitest'
import { connectReplicas } from '../../src/replicas/connect.ts'
import { SILENT } from '../../src/replicas/ledger/connection.ts'
import { connectLedger } from '../../src/replicas/ledger/ledger.ts'
import { describeState } from '../../src/replicas/describe-state.ts'
import { realClock } from '../../src/scheduler/clock.ts'
import { createScheduler } from '../../src/scheduler/scheduler.ts'
import { startLine } from '../soak/line.ts'
import { specOf } from './replica.ts'
import { hasServer, startRedis } from './redis-server.ts'

/** @param hear what others say, and the limits of which they give something back */
function connect(url: string, replica: string, timeout: number, hear = (_text: string): unknown => undefined) {
  return connectLedger({
    url,
    prefix: 'connection',
    timeout,
    replica,
    wall: () => Date.now(),
    freed: ({ key }) => hear(key),
    said: hear,
    failed: () => {},
  })
}

/** Two ask for one place, and then say how the server is called. */
async function lastPlace(url: string): Promise<[taken: number[], said: string]> {
  const heard: string[] = []
  const hear = (text: string): number => heard.push(text)
  const [one, other] = [await connect(url, 'one', 5000, hear), await connect(url, 'other', 5000, hear)]
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

  it('has answered what was read late because the replica itself was busy', async () => {
    const server = await startRedis()
    const ledger = await connect(server.url, 'busy', 50)
    try {
      await ledger.hello(1000, [])
      const asked = ledger.hello(1000, [])
      const end = performance.now() + 100
      while (performance.now() < end);
      expect((await asked).names).toEqual(['busy'])
    } finally {
      await ledger.close()
      await server.close()
    }
  })

  it('is looked for again at its address when it has gone without a word', async () => {
    const [gone, next] = [await startRedis(), await startRedis()]
    const line = await startLine(gone.port)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true })
    const heard: string[] = []
    const url = `redis://127.0.0.1:${line.port}`
    const ledger = await connect(url, 'one', 20_000, (text) => heard.push(text))
    const other = await connect(next.url, 'other', 20_000)
    const until = (isTrue: () => Promise<void>): Promise<void> => vi.waitFor(isTrue, { timeout: 8000, interval: 20 })
    try {
      const { born } = await ledger.hello(1000, [])
      line.leave(next.port)
      const asked = ledger.hello(1000, [])
      vi.advanceTimersByTime(SILENT)
      await expect(asked).rejects.toThrow()
      await until(async () => expect((await ledger.hello(1000, [])).born).not.toBe(born))
      // the other connection is silent, too, and nobody has asked it for anything before
      vi.advanceTimersByTime(SILENT)
      await until(async () => {
        await other.say('news')
        expect(heard).toContain('news')
      })
    } finally {
      vi.useRealTimers()
      await ledger.close()
      await other.close()
      await line.close()
      await gone.close()
      await next.close()
    }
  })

  it('is not used where the server has no database of its number, instead of the first one', async () => {
    const server = await startRedis()
    const stateOf = (path: string) =>
      describeState({ url: server.url + path, prefix: 'connection', timeout: 50, on_loss: 'share', replicas: 1 })
    try {
      expect(await stateOf('/99')).toMatchObject({ isThere: false, text: expect.stringContaining('DB index') })
      expect(await server.command('DBSIZE')).toBe(0)
      expect(await stateOf('/3')).toMatchObject({ isThere: true })
    } finally {
      await server.close()
    }
  })

  it('says of a server that is no cluster that it is none', async () => {
    const server = await startRedis()
    try {
      const url = `redis+cluster://127.0.0.1:${server.port}`
      const told = await describeState({ url, prefix: 'connection', timeout: 50, on_loss: 'share', replicas: 1 })
      expect(told).toMatchObject({ isThere: false, text: expect.stringContaining('cluster support disabled') })
    } finally {
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
