/** Nothing but dead keys: each door's client hears what is wrong with them, and nothing of limits. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Behaviour } from '../../src/sandbox/types.ts'
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts'
import { startGateway, type TestGateway } from './gateway.ts'

let sandbox: Sandbox
let gateway: TestGateway
afterEach(async () => {
  await gateway.close()
  await sandbox.close()
})

/** As the sandbox refuses. */
const NO_MONEY = { status: 429, code: 'insufficient_quota' }
const REVOKED = { status: 401 }

/** Each key is refused as it is said, until all have been. */
async function open(refusals: Record<string, Behaviour>): Promise<void> {
  sandbox = await startSandbox({
    first_byte: 0,
    pace: 0,
    behave: ({ key }) => refusals[key],
  })
  const keys = Object.keys(refusals)
  gateway = await startGateway({
    providers: { up: { format: 'openai', base_url: `${sandbox.url}/v1`, keys } },
    models: { fast: ['up/sandbox'] },
    scheduler: { max_wait: '200ms' },
  })
}

const say = [{ role: 'user', content: 'Hello' }]
const DOORS: Record<string, [path: string, body: unknown]> = {
  chat: ['/v1/chat/completions', { model: 'fast', messages: say }],
  messages: ['/v1/messages', { model: 'fast', max_tokens: 9, messages: say }],
  responses: ['/v1/responses', { model: 'fast', input: 'Hello' }],
  gemini: ['/v1beta/models/fast:generateContent', { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] }],
}

async function ask(
  door: string,
): Promise<{ status: number; headers: Headers; body: { error: Record<string, unknown> } }> {
  const [path, body] = DOORS[door] ?? ['', {}]
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(gateway.url + path, init)
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as never }
}

describe('when nothing but dead keys is left', () => {
  it.each([
    ['chat', { type: 'insufficient_quota', code: 'insufficient_quota' }],
    ['messages', { type: 'billing_error' }],
    ['responses', { type: 'insufficient_quota', code: 'insufficient_quota' }],
    ['gemini', { code: 402, status: 'FAILED_PRECONDITION' }],
  ])('the client of %s hears that there is no money', async (door, error) => {
    await open({ poor: NO_MONEY })
    await ask(door)
    const { status, headers, body } = await ask(door)
    expect({ status, body }).toMatchObject({ status: 402, body: { error } })
    expect(body.error['message']).toMatch(
      /^No key that this server has for fast is in service: no money or quota left\./,
    )
    expect(JSON.stringify(body)).not.toMatch(/rate.?limit|cooling|busy/i)
    expect(headers.get('retry-after')).toBeNull()
    expect(sandbox.stats.requests).toBe(1)
  })

  it.each([
    ['chat', { code: 'no_key' }],
    ['messages', { type: 'authentication_error' }],
    ['responses', { code: 'no_key' }],
    ['gemini', { code: 401, status: 'UNAUTHENTICATED' }],
  ])('the client of %s hears that they are refused', async (door, error) => {
    await open({ old: REVOKED })
    await ask(door)
    const { status, body } = await ask(door)
    expect({ status, body }).toMatchObject({ status: 401, body: { error } })
    expect(body.error['message']).toMatch(/credentials refused\. The first is tried again in \d+ s\.$/)
    expect(JSON.stringify(body)).not.toMatch(/rate.?limit|cooling|busy/i)
  })

  it.each([
    ['chat', { type: 'server_error', code: 'no_key' }],
    ['messages', { type: 'api_error' }],
    ['responses', { type: 'server_error', code: 'no_key' }],
    ['gemini', { code: 503, status: 'UNAVAILABLE' }],
  ])('the client of %s hears each reason where there are several', async (door, error) => {
    await open({ poor: NO_MONEY, a: REVOKED })
    await fetch(`${gateway.url}/v1/scheduler/keys/up%232/disable`, { method: 'POST' })
    await ask(door)
    const { status, body } = await ask(door)
    expect({ status, body }).toMatchObject({ status: 503, body: { error } })
    expect(body.error['message']).toContain('no money or quota left (1)')
    expect(body.error['message']).toContain('disabled by the operator (1)')
    expect(JSON.stringify(body)).not.toMatch(/rate.?limit|cooling|busy/i)
  })

  it.each([
    ['chat', { type: 'permission_error' }],
    ['messages', { type: 'permission_error' }],
    ['gemini', { code: 403, status: 'PERMISSION_DENIED' }],
  ])('the client of %s hears that they are not allowed', async (door, error) => {
    await open({ foreign: { status: 403 } })
    // one refusal may be about one request: others say that it is the key
    for (let n = 0; n < 3; n++) await ask(door)
    const sent = sandbox.stats.requests
    const { status, headers, body } = await ask(door)
    expect({ status, body }).toMatchObject({ status: 403, body: { error } })
    expect(body.error['message']).toMatch(/^No key that this server has for fast is in service: /)
    expect(JSON.stringify(body)).not.toMatch(/rate.?limit|cooling|busy/i)
    expect(headers.get('retry-after')).toBeNull()
    expect(sandbox.stats.requests).toBe(sent)
  })
})
