/** Each model that GET /v1/models lists can be called, in the shipped file with every key set, behind a fake upstream. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createApp, type App } from '../../src/app/app.ts'
import { withPlaceholderKeys } from '../../src/cli/placeholder-env.ts'
import { loadConfig } from '../../src/config/load.ts'
import { isSandbox } from '../../src/app/sandbox-fallback.ts'
import { CATALOGUE } from '../format-tools/page.ts'

/** They trade their key for a token, at an address of the vendor's own, before they ask. */
const TRADERS = ['ernie', 'watsonx']

let upstream: Server
let app: App
let asked: number

beforeAll(async () => {
  upstream = createServer((request, response) => {
    request.resume().once('end', () => {
      asked++
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":{"message":"The upstream says no."}}')
    })
  }).listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const base_url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
  const config = loadConfig(CATALOGUE, withPlaceholderKeys({ AWS_REGION: 'eu-west-1' }))
  const server = { ...config.server, api_keys: [], client_names: new Map<string, string>() }
  const providers = config.providers.map((each) => (isSandbox(each) ? each : { ...each, base_url }))
  app = await createApp({ ...config, server, providers }, { level: 'silent' })
})

afterAll(async () => {
  await app.close()
  upstream.close()
})

test('every listed model is called', async () => {
  const { data } = (await app.server.inject('/v1/models')).json<{ data: { id: string }[] }>()
  const ids = data.map(({ id }) => id).filter((id) => !TRADERS.some((name) => id.startsWith(`${name}/`)))
  expect(ids.length).toBeGreaterThan(200)
  expect(ids).toContain('sandbox/sandbox')
  for (const model of ids) {
    asked = 0
    const payload = { model, messages: [{ role: 'user', content: 'Hi' }] }
    const answer = await app.server.inject({ method: 'POST', url: '/v1/chat/completions', payload })
    const expected = model.startsWith('sandbox/') ? [200, 0] : [400, 1]
    expect([model, answer.statusCode, asked]).toEqual([model, ...expected])
  }
})
