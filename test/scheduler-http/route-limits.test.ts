/** Limits of a route hold beside those of its model. */
import { afterEach, expect, it } from 'vitest'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway, type TestGateway } from './gateway.ts'

let sandbox: Sandbox
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await sandbox.close()
})

async function open(limits: Record<string, unknown>, model: Record<string, unknown>, provider: unknown): Promise<void> {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
  gateway = await startGateway({
    providers: {
      up: {
        format: 'openai',
        base_url: `${sandbox.url}/v1`,
        keys: ['secret'],
        models: { sandbox: { limits: model } },
        limits: provider,
      },
    },
    models: { fast: [{ to: 'up/sandbox', limits }] },
    scheduler: { max_wait: 0 },
  })
}

async function served(most: number): Promise<number> {
  for (let n = 0; n < most; n++) {
    const answer = await gateway.ask()
    await answer.text()
    if (answer.status !== 200) return n
  }
  return most
}

it.each([
  ['the route’s, where it is the least', { rpm: 2 }, { rpm: 4 }, { rpm: 6 }, 2],
  ['the model’s', { rpm: 6 }, { rpm: 3 }, { rpm: 5 }, 3],
  ['the provider’s', { rpm: 6 }, { rpm: 5 }, { rpm: 1 }, 1],
  ['one of another kind', { rpd: 2 }, { rpm: 5 }, undefined, 2],
  ['the route’s for each key', { rpm: 2, scope: 'key' }, { rpm: 4 }, undefined, 2],
])('%s', async (_, limits, model, provider, expected) => {
  await open(limits, model, provider)
  expect(await served(8)).toBe(expected)
  expect(sandbox.stats.requests).toBe(expected)
})
