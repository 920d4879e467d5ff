/** Keys that are added to a provider while workers serve: in the pool of each, over a restart, and gone when removed. */
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { run } from '../scheduler-http/command-line.ts'
import { answer, ask, report, serve, setStage, stage, status, write } from './stage.ts'

setStage()

const SECRET = 'sk-added-at-run-time-0001'

async function change(url: string, method: string, of = '', body: object = {}): Promise<Record<string, unknown>> {
  const answered = await fetch(`${url}/v1/admin/provider-keys${of}`, {
    method,
    headers: { 'content-type': 'application/json', connection: 'close' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
  })
  const told = await answered.text()
  expect(told).not.toContain(SECRET)
  return { http: answered.status, ...(JSON.parse(told) as Record<string, unknown>) }
}

it('serve in every worker, are counted on, and are kept sealed', async () => {
  write({ limits: { rpm: 30 }, keys: ['${NO_SUCH_KEY}'] })
  const data = path.join(stage.folder, 'data')
  const url = await serve(2, '--data', data)
  expect(await status(ask(url))).not.toBe(200)

  const added = await change(url, 'POST', '', { provider: 'vendor', key: SECRET, limits: { rpm: 20 } })
  expect(added).toMatchObject({ http: 201, provider: 'vendor', status: 'ready', masked: 'sk-a…0001' })
  const all = await Promise.all(Array.from({ length: 12 }, () => status(ask(url))))
  expect(new Set(all)).toEqual(new Set([200]))
  const level = async (): Promise<unknown> =>
    (await report(url)).scopes.find(({ scope, limit }) => scope === added['name'] && limit === 'requests/60s')?.level
  expect(await level()).toBe(8)

  // another one joins while requests run: nothing is lost, and what was counted goes on
  stage.holds = true
  const running = Array.from({ length: 4 }, () => status(ask(url)))
  await expect.poll(() => stage.open.length, { timeout: 20_000 }).toBe(4)
  const second = await change(url, 'POST', '', { provider: 'vendor', key: 'sk-another-of-run-time-02', weight: 2 })
  expect(second).toMatchObject({ http: 201, weight: 2 })
  stage.holds = false
  for (const response of stage.open) answer(response)
  expect(await Promise.all(running)).toEqual([200, 200, 200, 200])
  expect(await level()).toBeLessThanOrEqual(8)

  expect(await change(url, 'POST', `/${String(added['id'])}/test`)).toMatchObject({ ok: true, model: 'm' })
  expect(await change(url, 'POST', `/${String(added['id'])}/disable`)).toMatchObject({ status: 'disabled' })
  expect(await change(url, 'POST', `/${String(added['id'])}/enable`)).toMatchObject({ status: 'ready' })

  expect(await change(url, 'POST', '', { provider: 'vendor', key: SECRET })).toMatchObject({ http: 409 })
  expect(await change(url, 'POST', '', { provider: 'nobody', key: 'x' })).toMatchObject({ http: 400 })
  expect(await change(url, 'POST', '', { provider: 'vendor' })).toMatchObject({ http: 400 })
  expect(await change(url, 'POST', '', { provider: 'vendor', key: 'k', wieght: 2 })).toMatchObject({ http: 400 })
  expect(await change(url, 'DELETE', '/nobody')).toMatchObject({ http: 404 })
  const file = readFileSync(stage.file, 'utf8')
  writeFileSync(stage.file, 'providers: 1')
  const bad = await change(url, 'POST', '', { provider: 'vendor', key: 'sk-one-more-of-run-time-3' })
  expect(bad).toMatchObject({ http: 422, error: { code: 'reload_refused' } })
  writeFileSync(stage.file, file)
  expect(await change(url, 'GET')).toMatchObject({ data: [{ name: added['name'] }, { name: second['name'] }] })

  for (const name of readdirSync(data))
    expect(readFileSync(path.join(data, name)).includes(Buffer.from(SECRET))).toBe(false)
  expect(stage.said).not.toContain(SECRET)

  const gone = await run([
    'provider-keys',
    'remove',
    String(second['name']),
    '--config',
    stage.file,
    '--port',
    new URL(url).port,
  ])
  expect(gone).toMatchObject({ code: 0, output: `${String(second['name'])}: removed\n` })
  stage.child?.kill('SIGKILL')
  if (stage.child) await once(stage.child, 'exit')
  const again = await serve(1, '--data', data)
  expect((await report(again)).keys.map(({ key }) => key)).toEqual([added['name']])
  expect(await status(ask(again))).toBe(200)
}, 150_000)
