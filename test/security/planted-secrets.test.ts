/** Secrets are planted wherever one can be, upstreams say them back wherever they can, and everything that came out is searched. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { startGateway } from '../end-to-end/gateway.ts'
import { EVENT_STREAM, firstPiece, JSON_TYPE, ROLE, startVendor, type Act } from '../faults/vendor.ts'

const KEY = 'sk-planted-4f9a"b\\c+/=%'
const OTHER = 'sk-second-77aa11bb22'
const HEADER = 'planted-header-secret-91'
const CLIENT = 'client-planted-secret-55'
const PART = 'planted-part-of-a-key-33'
const SECRETS = [KEY, OTHER, HEADER, CLIENT, PART]
const said = SECRETS.join(' and ')

const error = (message: string): string => JSON.stringify({ error: { message, type: 'x', code: null } })
const ACTS: Record<string, Act> = {
  'in an error': ({ response }) => void response.writeHead(401, JSON_TYPE).end(error(`bad key ${said}`)),
  'in a page': ({ response }) => void response.writeHead(500, { 'content-type': 'text/plain' }).end(`broken: ${said}`),
  'in the code of an error': ({ response }) =>
    void response
      .writeHead(400, JSON_TYPE)
      .end(JSON.stringify({ error: { message: 'm', code: OTHER, type: OTHER, param: OTHER } })),
  'in a header': ({ response }) =>
    void response
      .writeHead(429, { ...JSON_TYPE, 'retry-after': '1', 'x-key': encodeURIComponent(said), 'x-request-id': OTHER })
      .end(error('slow')),
  'in a redirect': ({ response }) =>
    void response.writeHead(302, { location: `http://x.example/${OTHER}?key=${OTHER}` }).end(),
  'in a stream': ({ response }) =>
    void response.writeHead(200, EVENT_STREAM).end(`${ROLE}${firstPiece('text')}data: ${error(said)}\n\n`),
  'in no JSON': ({ response }) => void response.writeHead(200, JSON_TYPE).end(`{ ${said}`),
}

function forms(secret: string): string[] {
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]
}

it('no secret is in what clients, logs, pages or the state get', async () => {
  const seen: string[] = []
  const cases = Object.values(ACTS).flatMap((act, i) =>
    [true, false].map((stream) => ({ act, stream, name: `v${i}${stream}` })),
  )
  const state = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
  let act: Act = () => {}
  const vendor = await startVendor((call) => act(call))
  const gateway = await startGateway(
    {
      providers: {
        // one for each fault: the first that finds a key bad retires it
        ...Object.fromEntries(
          cases.map(({ name }) => [
            name,
            { format: 'openai', base_url: vendor.url, keys: [KEY, OTHER], headers: { 'x-token': HEADER } },
          ]),
        ),
        other: { format: 'openai', base_url: vendor.url, keys: [{ key: { id: 'x', secret: PART } }] },
      },
      server: {
        api_keys: [CLIENT],
        heartbeat: 0,
        retry_share: 1,
        retries: 1,
        timeouts: { idle: 200, first_byte: 500 },
        forward: { response: ['x-key', 'x-request-id'] },
      },
      scheduler: { max_wait: 0 },
    },
    {},
    { store: openStore(state), level: 'trace' },
  )
  const call = async (route: string, init: RequestInit = {}): Promise<void> => {
    const answer = await fetch(gateway.url + route, {
      ...init,
      headers: { authorization: `Bearer ${CLIENT}`, 'content-type': 'application/json', 'x-explain': '1' },
    })
    seen.push(JSON.stringify([...answer.headers]), await answer.text())
  }
  for (const { act: next, stream, name } of cases) {
    act = next
    for (const model of [`${name}/m`, 'other/m', CLIENT]) {
      const body = { model, stream, messages: [{ role: 'user', content: 'Hello' }], seed: 1 }
      await call('/v1/chat/completions', { method: 'POST', body: JSON.stringify(body) })
    }
  }
  for (const route of ['/v1/models', `/v1/models/${OTHER}`, '/v1/scheduler', '/metrics', '/health', `/${CLIENT}`])
    await call(route)
  await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${OTHER}` } }).then(async (answer) =>
    seen.push(await answer.text()),
  )
  await gateway.close()
  await vendor.close()
  const files = readdirSync(state).map((name) => readFileSync(path.join(state, name), 'latin1'))
  rmSync(state, { recursive: true })
  const everything = [...seen, ...gateway.lines, ...files].join('\n')

  expect(seen.length).toBeGreaterThan(90)
  expect(files.length).toBeGreaterThan(0)
  // the search would find what was said, had it come through
  expect(everything).toMatch(/\[v\d+(true|false)#2\]/)
  const found = SECRETS.flatMap(forms).filter((form) => everything.includes(form))
  expect(found.map((form) => everything.slice(everything.indexOf(form) - 100, everything.indexOf(form) + 60))).toEqual(
    [],
  )
})
