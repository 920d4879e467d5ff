/** Several processes behind one port: what they share is as exact as in one. */
import { expect, it } from 'vitest'
import { run } from '../scheduler-http/command-line.ts'
import { ask, page, report, serve, setStage, stage, status, write } from './stage.ts'

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
  const adjust = async (action: string, body: object): Promise<unknown> => {
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    return (await fetch(`${url}/v1/scheduler/keys/vendor%231/${action}`, sent)).json()
  }
  expect(await adjust('weigh', { weight: 3 })).toMatchObject({ weight: 3, configuredWeight: 1 })
  expect(await adjust('cool', { seconds: 600 })).toMatchObject({ state: 'cooling', isSetToRest: true })
  expect(await adjust('cool', { seconds: -1 })).toMatchObject({ error: { param: 'seconds' } })
  expect(await adjust('weigh', { weight: 0 })).toMatchObject({ error: { param: 'weight' } })
  expect(await adjust('cool', { seconds: 0 })).toMatchObject({ state: 'ready', weight: 3 })
  expect(JSON.parse(await page(url, '/llm/model-load/fast'))).toMatchObject({ model: 'fast', current: 0 })
  expect(JSON.parse(await page(url, '/health'))).toMatchObject({ status: 'ok', in_flight: 0 })
})

it('says what is wrong with a number of workers', async () => {
  write({})
  const ended = await run(['serve', '--config', stage.file, '--workers', 'many'])
  expect(ended).toMatchObject({
    code: 1,
    errors: expect.stringContaining('"many" is not a number of workers') as string,
  })
})
