/** Workers that end: killed, told to, or left behind; and what becomes of what they held. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { answer, ask, isAlive, reload, report, serve, setStage, SOON, stage, status, workers, write } from './stage.ts'

setStage()

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
