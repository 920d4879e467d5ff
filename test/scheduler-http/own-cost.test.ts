/** No body of a client's changes what another client or another key may use, nor its own key by more than it has used. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { SchedulerReport } from '../../src/scheduler/types.ts'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway, type TestGateway } from './gateway.ts'

let sandbox: Sandbox
let gateway: TestGateway
/** Tokens that the upstream said it used for the last request. */
const used = { tokens: 0, requests: 0 }

beforeAll(async () => {
  sandbox = await startSandbox({ first_byte: 0, pace: 0 })
  const day = { tokens: '100M', per: 'day', shape: 'sliding' }
  gateway = await startGateway({
    providers: {
      up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys: ['key-one', 'key-two'], limits: [day] },
    },
    models: { fast: ['up/sandbox'] },
    server: { api_keys: { alice: 'key-of-alice', bob: 'key-of-bob' }, admin_keys: ['key-of-root'] },
    scheduler: { max_wait: 0, clients: { alice: { limits: [day] }, bob: { limits: [day] } } },
  })
})
afterAll(async () => {
  await gateway.close()
  await sandbox.close()
})

async function levels(): Promise<Map<string, number>> {
  const headers = { authorization: 'Bearer key-of-root' }
  const answer = await fetch(`${gateway.url}/v1/scheduler`, { headers })
  const { scopes } = (await answer.json()) as SchedulerReport
  return new Map(scopes.map(({ scope, limit, level }) => [`${scope} ${limit}`, level]))
}

async function ask(client: string, body: unknown): Promise<void> {
  used.requests = sandbox.stats.requests
  used.tokens = 0
  const headers = { 'content-type': 'application/json', authorization: `Bearer key-of-${client}` }
  const text = JSON.stringify(body)
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: text })
  const told = (await answer.json().catch(() => ({}))) as { usage?: { total_tokens?: number } }
  used.tokens = told.usage?.total_tokens ?? 0
  expect(answer.status).not.toBe(500)
}

const odd = fc.oneof(
  fc.constantFrom(-1, 0, 1, 0.5, 1e15, 1e308, -1e308, '9', null, true, [], {}),
  fc.integer({ min: 1, max: 200 }),
)
const content = fc.oneof(
  fc.string({ maxLength: 200 }),
  fc.constantFrom('語'.repeat(2000), ' '.repeat(5000), 'a'.repeat(50_000)),
  fc.constant([{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }]),
  fc.constant([
    { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${'A'.repeat(9000)}` } },
  ]),
)
const bodies = fc.record(
  {
    model: fc.constantFrom('fast', 'up/sandbox', 'nobody'),
    messages: fc.array(fc.record({ role: fc.constantFrom('user', 'system', 'assistant'), content }), { maxLength: 4 }),
    max_tokens: odd,
    max_completion_tokens: odd,
    n: odd,
    user: fc.constantFrom('bob', '*', 'alice'),
    prompt_cache_key: fc.constantFrom('bob', 'shared'),
  },
  { requiredKeys: ['model', 'messages'] },
)

it('whatever a body says', { timeout: 60_000 }, async () => {
  await ask('bob', { model: 'fast', messages: [{ role: 'user', content: 'hi' }] })
  await ask('alice', { model: 'fast', messages: [{ role: 'user', content: 'hi' }] })
  await fc.assert(
    fc.asyncProperty(bodies, async (body) => {
      const before = await levels()
      await ask('alice', body)
      const after = await levels()
      let changed = 0
      for (const [scope, level] of after) {
        const spent = (before.get(scope) ?? 100_000_000) - level
        if (scope.includes('bob')) expect(spent).toBe(0)
        else if (scope.includes('alice')) expect(Math.abs(spent - used.tokens)).toBeLessThanOrEqual(1)
        else if (spent !== 0) {
          changed++
          expect(Math.abs(spent - used.tokens)).toBeLessThanOrEqual(1)
        }
      }
      expect(changed).toBeLessThanOrEqual(1)
    }),
    { numRuns: 60, seed: 7 },
  )
})
