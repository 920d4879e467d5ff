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
  expect(page).toMatch(/balanced_call_tokens_total\{provider="sandbox",kind="output"\} [1-9]/)
  expect(page).not.toContain('invented')
})
