/** Several processes behind one port: what they share is as exact as in one. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { run } from '../scheduler-http/command-line.ts'
import {
  answer,
  ask,
  isAlive,
  page,
  reload,
  report,
  serve,
  setStage,
  SOON,
  stage,
  status,
  workers,
  write,
} from './stage.ts'

setStage()

it('holds a quota exactly, and adds the counters of both', async () => {
  write({ limits: { rpm: 20 } })
  const url = await serve(2)
  const answers = await Promise.all(Array.from({ length: 40 }, () => ask(url, { 'x-max-wait': '0' })))
  expect(answers.filter((each) => each.status === 200)).toHaveLength(20)
  const refused = answers.find((each) => each.status === 429)
  expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(30)
  expect(await refused?.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', keys: [{ key: 'vendor#1' }] } })
  expect(stage.taken).toBe(20)
  const metrics = await page(url, '/metrics')
  expect(metrics).toContain('balanced_call_requests_total{model="fast",provider="vendor",outcome="ok"} 20')
  expect(metrics).toContain('balanced_call_workers 2')
})

it('lets one request at a time to a key that takes one', async () => {
  write({ limits: { concurrency: 1 } })
  const url = await serve(2)
  const answers = await Promise.all(Array.from({ length: 20 }, () => status(ask(url))))
  expect(answers).toEqual(Array.from({ length: 20 }, () => 200))
  expect(stage.most).toBe(1)
})

it('frees what a killed worker held, and replaces it; nobody waits for an answer that never comes', async () => {
  write({ limits: { concurrency: 1 } })
  stage.holds = true
  const url = await serve(2)
  const broken = status(ask(url))
  await expect.poll(() => stage.open.length, SOON).toBe(1)
  stage.holds = false
  // whoever takes their place serves what they served, whatever the file says by now
  writeFileSync(stage.file, 'providers: 1')
  const [first = 0, second = 0] = workers()
  process.kill(first, 'SIGKILL')
  await expect.poll(() => workers().filter((pid) => pid !== first).length, SOON).toBe(2)
  // the one that takes the place of the first may not serve yet
  process.kill(second, 'SIGKILL')
  expect(await broken).toBe(0)
  const inFlight = () => report(url).then((each) => each.inFlight, String)
  await expect.poll(inFlight, SOON).toBe(0)
  await expect.poll(() => status(ask(url)), SOON).toBe(200)
})

it('lets running requests end when it is told to stop, and exits with 0', async () => {
  write({ limits: { rpm: 1000 } })
  stage.holds = true
  const url = await serve(2)
  const answers = Promise.all(Array.from({ length: 6 }, () => status(ask(url))))
  await expect.poll(() => stage.open.length, SOON).toBe(6)
  const exit = once(stage.child ?? process, 'exit')
  stage.child?.kill('SIGTERM')
  // a model that nobody has is answered at once by those who have not heard yet
  await expect.poll(() => status(ask(url, {}, 'nobody')), SOON).toBe(503)
  for (const response of stage.open) answer(response)
  expect(await answers).toEqual([200, 200, 200, 200, 200, 200])
  expect(await exit).toEqual([0, null])
})

it('ends at once with all its workers at a second signal', async () => {
  write({})
  stage.holds = true
  const url = await serve(2)
  const broken = status(ask(url))
  await expect.poll(() => stage.open.length, SOON).toBe(1)
  const all = workers()
  const exit = once(stage.child ?? process, 'exit')
  stage.child?.kill('SIGTERM')
  await expect.poll(() => stage.said, SOON).toContain('SIGTERM')
  stage.child?.kill('SIGTERM')
  expect(await exit).toEqual([1, null])
  expect(await broken).toBe(0)
  await expect.poll(() => all.filter(isAlive), SOON).toEqual([])
})

it('leaves no worker behind when its first process is killed', async () => {
  write({})
  const url = await serve(2)
  const all = workers()
  stage.child?.kill('SIGKILL')
  await expect.poll(() => all.filter(isAlive), SOON).toEqual([])
  expect(await status(ask(url))).toBe(0)
})

it('keeps what was counted through a reload and a restart', async () => {
  write({ limits: { rpd: 5 } })
  const data = ['--data', `${stage.folder}/data`]
  const first = await serve(2, ...data)
  expect(await status(ask(first))).toBe(200)
  await reload()
  expect(await Promise.all([status(ask(first)), status(ask(first))])).toEqual([200, 200])
  const exit = once(stage.child ?? process, 'exit')
  stage.child?.kill('SIGTERM')
  await exit
  const second = await serve(2, ...data)
  const later = await Promise.all(Array.from({ length: 4 }, () => status(ask(second, { 'x-max-wait': '0' }))))
  expect(later.toSorted()).toEqual([200, 200, 429, 429])
})

it('explains, shows and switches keys through any worker', async () => {
  write({ limits: { rpm: 100 } })
  const url = await serve(2)
  const explained = await ask(url, { 'x-explain': '1' })
  expect(JSON.stringify([...explained.headers])).toContain('chosen')
  for (const [action, state] of [
    ['disable', 'disabled'],
    ['enable', 'ready'],
  ]) {
    const switched = await fetch(`${url}/v1/scheduler/keys/vendor%231/${action}`, { method: 'POST' })
    expect(await switched.json()).toMatchObject({ key: 'vendor#1', state })
    expect((await report(url)).keys).toMatchObject([{ key: 'vendor#1', state }])
  }
  expect(JSON.parse(await page(url, '/llm/model-load/fast'))).toMatchObject({ model: 'fast', current: 0 })
  expect(JSON.parse(await page(url, '/health'))).toMatchObject({ status: 'ok', in_flight: 0 })
})

it('says what is wrong with a number of workers', async () => {
  write({})
  const ended = await run(['serve', '--config', stage.file, '--workers', 'many'])
  expect(ended).toMatchObject({ code: 1, errors: expect.stringContaining('"many" is no number of workers') as string })
})
