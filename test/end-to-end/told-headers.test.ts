/** An answer's head says how it came to be, under names of the owner's choice. */
import { afterEach, expect, test } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from './gateway.ts'

const price = { input: 3, output: 15 }
const providers = {
  sandbox: { ...SANDBOX.providers.sandbox, models: { 'sandbox-fast': { price } } },
  closed: { format: 'openai', base_url: 'http://127.0.0.1:9/v1', keys: ['a'] },
}
const models = { ...SANDBOX.models, closed: ['closed/none'] }
const TOLD = ['provider', 'model', 'key', 'attempts', 'queue-ms', 'cost']

let gateway: TestGateway
afterEach(() => gateway.close())

async function ask(body: object, headers = {}): Promise<{ status: number; names: string[] }> {
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], ...body }),
  })
  await answer.text()
  return { status: answer.status, names: [...answer.headers.keys()].filter((name) => name.startsWith('x-')) }
}

test.each([
  ['full', 'x-balanced-call-', TOLD],
  ['short', 'x-bc-', TOLD],
  ['none', 'x-balanced-call-', []],
])('%s', async (headers, prefix, told) => {
  gateway = await startGateway({ providers, models, server: { headers } })
  const named = (names: readonly string[]): string[] =>
    ['x-request-id', ...names.map((name) => prefix + name)].toSorted()
  const streamed = told.filter((name) => name !== 'cost')
  expect((await ask({ model: 'fast' })).names.toSorted()).toEqual(named(told))
  expect((await ask({ model: 'fast', stream: true })).names).toEqual(expect.arrayContaining(named(streamed)))
  const refused = await ask({ model: 'closed' })
  expect(refused.status).toBeGreaterThanOrEqual(500)
  const ofFailure = refused.names.filter((name) => name.startsWith('x-b'))
  expect(ofFailure.toSorted()).toEqual(streamed.map((name) => prefix + name).toSorted())
  // who asks is told
  expect((await ask({ model: 'fast' }, { 'x-explain': '1' })).names).toContain(`${prefix}explain`)
})
