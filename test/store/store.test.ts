import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { keepJournal } from '../../src/store/journal.ts'
import { openStore } from '../../src/store/store.ts'
import { ask, provider, rpm, setUp } from '../scheduler/fixture.ts'
import { virtualClock } from '../scheduler/virtual-clock.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'store-'))
})
afterEach(() => rm(folder, { recursive: true }))

const day = rpm(100, { period: 86_400_000, shape: 'calendar' })
const keys = () => [provider('p', [[day], []])]
const level = (scheduler: ReturnType<typeof setUp>['scheduler']) => scheduler.report().scopes[0]?.level
const fail = (error: unknown) => {
  throw error
}

it('keeps counts, retirements and switched-off keys over an orderly restart', async () => {
  const clock = virtualClock()
  const first = setUp(keys(), { clock })
  const stop = keepJournal(first.scheduler, openStore(folder), clock, fail)
  first.scheduler.adjustKey('p#2', { enabled: false })
  for (let n = 0; n < 7; n++) (await first.scheduler.acquire(ask())).settle({})
  ;(await first.scheduler.acquire(ask())).fail({ kind: 'authentication', started: false })
  stop()
  expect(clock.timers).toBe(0)

  const second = setUp(keys(), { clock })
  const stopSecond = keepJournal(second.scheduler, openStore(folder), clock, fail)
  expect(level(second.scheduler)).toBe(93)
  expect(second.scheduler.report().keys).toMatchObject([
    { state: 'retired', reason: 'credentials refused' },
    { state: 'disabled' },
  ])
  stopSecond()
})

it('keeps rests and weights that an administrator has set, over a restart and a handover', async () => {
  const clock = virtualClock()
  const first = setUp(keys(), { clock })
  const stop = keepJournal(first.scheduler, openStore(folder), clock, fail)
  first.scheduler.adjustKey('p#1', { weight: 3 })
  first.scheduler.adjustKey('p#2', { restsUntil: clock.wall() + 60_000 })
  const expected = [
    { weight: 3, configuredWeight: 1 },
    { state: 'cooling', until: clock.wall() + 60_000, isSetToRest: true },
  ]
  stop()
  const second = setUp(keys(), { clock })
  const stopSecond = keepJournal(second.scheduler, openStore(folder), clock, fail)
  expect(second.scheduler.report().keys).toMatchObject(expected)
  const third = setUp(keys(), { clock })
  second.scheduler.handOver(third.scheduler)
  expect(third.scheduler.report().keys).toMatchObject(expected)
  third.scheduler.adjustKey('p#1', { weight: null })
  third.scheduler.adjustKey('p#2', { restsUntil: 0 })
  expect(third.scheduler.report().keys).toMatchObject([{ weight: 1 }, { state: 'ready' }])
  stopSecond()
})

it('writes each second what has changed, and only that', async () => {
  const clock = virtualClock()
  const { scheduler } = setUp(keys(), { clock })
  const store = openStore(folder)
  const written: string[][] = []
  const stop = keepJournal(
    scheduler,
    { ...store, write: (snapshot) => (written.push(Object.keys(snapshot.entries)), store.write(snapshot)) },
    clock,
    fail,
  )
  await clock.advance(5000)
  const idle = written.length
  ;(await scheduler.acquire(ask())).settle({})
  await clock.advance(5000)
  expect(idle).toBe(1)
  expect(written.slice(1).flat()).toContain('["key","p","p#1"]')
  expect(written).toHaveLength(2)
  stop()
})

it('tells once that it cannot write, and once that it can again', async () => {
  const clock = virtualClock()
  const { scheduler } = setUp(keys(), { clock })
  const store = openStore(folder)
  const told: string[] = []
  let isFull = true
  const write: typeof store.write = (snapshot) => {
    if (isFull) throw new Error('full')
    store.write(snapshot)
  }
  const stop = keepJournal(
    scheduler,
    { ...store, write },
    clock,
    (error) => void told.push(String(error)),
    () => void told.push('again'),
  )
  await clock.advance(3000)
  isFull = false
  await clock.advance(3000)
  stop()
  expect(told).toEqual(['Error: full', 'again'])
})

it('forgets what the configuration no longer has', async () => {
  const clock = virtualClock()
  const first = setUp([provider('gone', [[day]])], { clock })
  const stop = keepJournal(first.scheduler, openStore(folder), clock, fail)
  ;(await first.scheduler.acquire(ask())).settle({})
  stop()
  const second = setUp(keys(), { clock })
  keepJournal(second.scheduler, openStore(folder), clock, fail)()
  expect(level(second.scheduler)).toBe(100)
})

it('loses at most a second when the process is killed', async () => {
  const program = `
    import { createScheduler } from '${new URL('../../src/scheduler/scheduler.ts', import.meta.url).href}'
    import { realClock } from '${new URL('../../src/scheduler/clock.ts', import.meta.url).href}'
    import { keepJournal } from '${new URL('../../src/store/journal.ts', import.meta.url).href}'
    import { openStore } from '${new URL('../../src/store/store.ts', import.meta.url).href}'
    const spec = JSON.parse(process.argv[2])
    const scheduler = createScheduler(spec)
    keepJournal(scheduler, openStore(process.argv[1]), realClock, (error) => { throw error })
    setInterval(async () => {
      const lease = await scheduler.acquire({ model: 'p/m', input: 1, maxOutput: 1, needs: {} })
      lease.settle({})
      process.stdout.write('x')
    }, 10)
  `
  const spec = {
    providers: [provider('p', [[rpm(1_000_000, { period: 86_400_000, shape: 'calendar' })]])],
    pools: [],
    options: {},
  }
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, folder, JSON.stringify(spec)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let sent = 0
  let sentAtKill = 0
  const began = performance.now()
  for await (const bytes of child.stdout) {
    sent += (bytes as Buffer).length
    if (sentAtKill === 0 && performance.now() - began > 2500 && sent > 120) {
      sentAtKill = sent
      child.kill('SIGKILL')
    }
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  const saved = openStore(folder)
  const snapshot = saved.load()
  saved.close()
  const [, used = 0] = snapshot?.entries['["key","p","p#1"]']?.limits?.['requests/86400000']?.state ?? []
  const perSecond = sent / ((performance.now() - began) / 1000)
  expect(snapshot?.clean).toBe(false)
  expect(used).toBeLessThanOrEqual(sent + 1)
  expect(used).toBeGreaterThanOrEqual(sent - 1.5 * Math.max(perSecond, 100))
})

it('refuses a folder that another process uses, and takes it when that one has ended', () => {
  const first = openStore(folder)
  expect(() => openStore(folder)).toThrow('another process keeps its counts there')
  first.close()
  openStore(folder).close()
})

it.each([
  ['no database at all', 'this is text, and much more of it than any header has. '.repeat(100)],
  ['an entry that is no JSON', undefined],
])('sets a damaged file aside and begins anew: %s', async (_, text) => {
  const file = join(folder, 'scheduler.sqlite')
  openStore(folder).close()
  if (text !== undefined) await writeFile(file, text)
  else {
    const database = new DatabaseSync(file)
    database.exec(`INSERT INTO entry VALUES ('x', '{"half'); INSERT INTO journal VALUES (1, 1, 1)`)
    database.close()
  }
  const told: string[] = []
  const store = openStore(folder, (aside) => void told.push(aside))
  expect(store.load()).toBeNull()
  store.close()
  expect(told).toEqual([`${file}.damaged-1`])
})

it('takes a folder whose lock was overwritten, and still lets nobody else in', () => {
  writeFileSync(join(folder, 'scheduler.lock'), 'no database '.repeat(20))
  const store = openStore(folder)
  expect(() => openStore(folder)).toThrow('another process keeps its counts there')
  store.close()
})

it.each(['', ' ', '~', '~/data', 'postgres://a.example/counts'])('makes no folder that was not meant: "%s"', (name) => {
  expect(() => openStore(name)).toThrow(/no name|whole path|database\.url/)
  expect(existsSync(name)).toBe(false)
})
