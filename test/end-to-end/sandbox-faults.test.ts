import { afterAll, beforeAll, expect, it } from 'vitest'
import { startGateway, type TestGateway } from './gateway.ts'

let gateway: TestGateway
beforeAll(async () => {
  gateway = await startGateway({
    providers: {
      sandbox: { format: 'openai', base_url: 'sandbox:', keyless: true, models: { 'sandbox-fast': {} } },
    },
    models: { fast: ['sandbox/sandbox-fast'] },
  })
})
afterAll(() => gateway.close())

async function ask(model: string, more: Record<string, unknown> = {}): Promise<number> {
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hi' }], ...more }),
  })
  await response.text()
  return response.status
}

it('holds faults that were made to order against no key and no model', async () => {
  for (const fault of ['401', '403', 'quota', '429', '503', '500', 'reset', 'error-first']) {
    expect(await ask(`sandbox/sandbox-${fault}`), fault).toBeGreaterThanOrEqual(400)
    expect(await ask('fast'), `fast after ${fault}`).toBe(200)
  }
  for (let i = 0; i < 4; i++) expect(await ask('fast', { sandbox: { status: 500 } })).toBeGreaterThanOrEqual(500)
  expect(await ask('fast')).toBe(200)
})
