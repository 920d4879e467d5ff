import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway(SANDBOX)
})
afterAll(() => gateway.close())

it('counts requests for Prometheus, and no name that a client invents', async () => {
  for (const model of ['fast', 'invented-by-a-client']) {
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
  }
  const page = await (await fetch(`${gateway.url}/metrics`)).text()
  expect(page).toContain('balanced_call_requests_total{model="fast",provider="sandbox",outcome="ok"} 1')
  expect(page).toContain('balanced_call_requests_total{model="other",provider="none",outcome="unknown_model"} 1')
  expect(page).toMatch(/balanced_call_tokens_total\{provider="sandbox",model="fast",kind="output"\} [1-9]/)
  expect(page).not.toContain('invented')
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0

it.skipIf(!hasPromtool)('is a page that promtool finds nothing to say about', async () => {
  const input = await (await fetch(`${gateway.url}/metrics`)).text()
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })
  expect(`${stdout}${stderr}`).toBe('')
  expect(status).toBe(0)
})

it('tells refusals that the books did not foresee from those of a key on trial', async () => {
  const upstream = createServer((_request, response) => {
    response.writeHead(429, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ error: { message: 'Rate limit reached', type: 'rate_limit_error', code: null } }))
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/v1`
  const refusing = await startGateway({
    providers: {
      known: { format: 'openai', base_url, keys: ['key-one-0001'], limits: { rpm: 100 }, models: { m: {} } },
      unknown: { format: 'openai', base_url, keys: ['key-two-0002'], models: { m: {} } },
    },
    models: { one: ['known/m'], two: ['unknown/m'] },
    scheduler: { max_wait: '50ms' },
  })
  for (const model of ['one', 'two']) {
    await fetch(`${refusing.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
    })
  }
  const page = await (await fetch(`${refusing.url}/metrics`)).text()
  await refusing.close()
  upstream.close()
  expect(page).toContain('balanced_call_upstream_rate_limits_total{provider="known",expected="false"} 1')
  expect(page).toMatch(/balanced_call_upstream_rate_limits_total\{provider="unknown",expected="true"\} [1-9]/)
  expect(page).toMatch(/balanced_call_upstream_rate_limits_total\{provider="unknown",expected="false"\} 0/)
  expect(page).toMatch(/balanced_call_upstream_faults_total\{provider="known",kind="rate_limit"\} [1-9]/)
  expect(page).toContain('balanced_call_limit_amount{scope="known#1",limit="requests/60s"} 100')
})
