/** SIGHUP: another configuration under load, with one process and with several. */
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, describe, it } from 'vitest'
import { answer, ask, page, reload, report, serve, setStage, SOON, stage, status, workers, write } from './stage.ts'

/** Milliseconds between two requests of one client. */
const PACE = 10

setStage()

describe.each([
  ['one process', 1],
  ['two workers', 2],
])('a reload of %s', (_name, count) => {
  it('loses no request, and a bad file changes nothing', async () => {
    const limits = { rpm: 100_000 }
    write({ limits })
    const url = await serve(count)
    const old = count > 1 ? workers() : []
    const running = { isDone: false }
    const statuses: number[] = []
    const load = Array.from({ length: 4 }, async (_, index) => {
      // connections of one request, and such as are used again; fetch tells at once when one is closed under it
      const headers = { connection: index % 2 === 0 ? 'close' : 'keep-alive' }
      while (!running.isDone) {
        statuses.push(await status(ask(url, headers, 'vendor/m')))
        // a load, and not all that the machine can do: the processes that start meanwhile need it as well
        await pause(PACE)
      }
    })
    write({ limits, model: 'renamed', keys: ['secret-new-0002'], server: { port: 1 } })
    await reload()
    expect(stage.said).toMatch(/"kept":\["port"\].*need a restart/)
    if (count > 1) await expect.poll(() => workers().some((pid) => old.includes(pid)), SOON).toBe(false)
    // a secret that a client says by mistake is as unspeakable as it would be after a start
    expect(await (await ask(url, {}, 'secret-new-0002')).text()).toContain('[vendor#1]')
    writeFileSync(stage.file, 'providers: 1')
    stage.child?.kill('SIGHUP')
    await expect.poll(() => stage.said, SOON).toContain('the old one stays in use')
    expect(await page(url, '/v1/models')).toContain('renamed')
    running.isDone = true
    await Promise.all(load)
    expect(stage.said).not.toContain('secret-new-0002')
    expect(new Set(statuses)).toEqual(new Set([200]))
    // what a worker had ahead, and nobody came for, is given back a moment later
    const charged = async (): Promise<number> => {
      const { scopes } = await report(url)
      const rpm = scopes.find(({ limit }) => limit === 'requests/60s')
      return (rpm?.amount ?? 0) - (rpm?.level ?? 0)
    }
    await expect.poll(charged, SOON).toBe(statuses.length)
    const served = `balanced_call_request_seconds_count{provider="vendor"} ${statuses.length}\n`
    await expect.poll(() => page(url, '/metrics'), SOON).toContain(served)
  })

  it('counts what runs on: no key takes more at once, and those who wait go on waiting', async () => {
    const limits = { concurrency: 1, rpm: 10 }
    write({ limits })
    stage.holds = true
    const url = await serve(count)
    const first = status(ask(url))
    await expect.poll(() => stage.open.length, SOON).toBe(1)
    const second = status(ask(url))
    await expect.poll(() => report(url).then(({ queued }) => queued), SOON).toBe(1)
    write({ limits, model: 'renamed' })
    await reload()
    // a worker that has not yet heard that it is to end would not know the new name
    const third = status(ask(url, {}, 'vendor/m'))
    await expect.poll(() => report(url), SOON).toMatchObject({ inFlight: 1, queued: 1 })
    expect(stage.open).toHaveLength(1)
    for (const nth of [1, 2]) {
      await expect.poll(() => [stage.taken, stage.open.length], SOON).toEqual([nth, 1])
      for (const response of stage.open) answer(response)
    }
    // the public model of the second is gone, so its wait has ended
    expect(await Promise.all([first, second, third])).toEqual([200, 404, 200])
    expect(stage.most).toBe(1)
    await expect.poll(() => report(url), SOON).toMatchObject({ inFlight: 0, queued: 0 })
    const { scopes } = await report(url)
    const rpm = scopes.find(({ limit }) => limit === 'requests/60s')
    expect((rpm?.amount ?? 0) - (rpm?.level ?? 0)).toBe(2)
  })

  it('ends in order when it is told to stop in the midst of one', async () => {
    write({})
    await serve(count)
    const exit = once(stage.child ?? process, 'exit')
    stage.child?.kill('SIGHUP')
    stage.child?.kill('SIGTERM')
    expect(await exit).toEqual([0, null])
  })
})

it('takes another number of workers', async () => {
  write({ server: { workers: 2 } })
  const url = await serve()
  const old = workers()
  expect(old).toHaveLength(2)
  write({ server: { workers: 1 } })
  await reload()
  await expect.poll(() => workers().length, SOON).toBe(1)
  expect(old).not.toContain(workers()[0])
  expect(await status(ask(url))).toBe(200)
})
