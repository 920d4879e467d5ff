import { describe, expect, it, onTestFinished } from 'vitest'
import { createMissingRoutes } from '../../src/gateway/retry/missing-routes.ts'
import { startGateway } from '../end-to-end/gateway.ts'
import { startVendor } from './vendor.ts'

describe('missing routes', () => {
  let time = 0
  const route = (model: string) => ({ provider: 'p', model, weight: 1, tier: 0, limits: [] })
  const pool = { model: 'm', weight: 1, limits: [], routes: [route('a'), route('b')] }
  const made = () => createMissingRoutes([pool], () => time)

  it('are tried again after an hour, by one', () => {
    const missing = made()
    expect(missing.now()).toBeUndefined()
    missing.missed('p/a')
    expect([...(missing.now() ?? [])]).toEqual(['p/a'])
    time += 3_600_000
    expect(missing.now()).toBeUndefined()
    missing.tried('p/a')
    expect([...(missing.now() ?? [])]).toEqual(['p/a'])
    missing.found('p/a')
    expect(missing.now()).toBeUndefined()
  })

  it('are those of models with several routes alone', () => {
    const missing = made()
    for (let i = 0; i < 1000; i++) missing.missed(`p/${i}`)
    expect(missing.now()).toBeUndefined()
  })
})

it('is a missing path to count tokens no missing model', async () => {
  const message = {
    id: 'm',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  }
  const vendor = await startVendor(({ path, response, headers }) => {
    response.setHeader('content-type', 'application/json')
    if (!path.endsWith('/count_tokens')) return response.end(JSON.stringify(message))
    if (headers['x-api-key'] === 'k2') return response.end('{"input_tokens":5}')
    response.statusCode = 404
    return response.end('{"error":{"message":"Unknown request URL: POST /v1/messages/count_tokens."}}')
  })
  const base_url = vendor.url.replace(/\/v1$/, '')
  const gateway = await startGateway({
    providers: {
      first: { format: 'anthropic', base_url, keys: ['k1'], models: { a: {} } },
      second: { format: 'anthropic', base_url, keys: ['k2'], models: { b: {} } },
    },
    models: { pool: ['first/a', { to: 'second/b', tier: 2 }] },
  })
  onTestFinished(async () => {
    await gateway.close()
    await vendor.close()
  })
  const ask = (path: string): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'pool', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }),
    })
  expect((await ask('/v1/messages/count_tokens')).headers.get('x-balanced-call-token-count')).toBe('upstream')
  expect((await ask('/v1/messages')).status).toBe(200)
  expect(vendor.calls.at(-1)?.headers['x-api-key']).toBe('k1')
})
