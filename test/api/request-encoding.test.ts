/** Bodies that come compressed or with a byte order mark, and paths that are no text. */
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { SANDBOX, startGateway, type TestGateway } from '../end-to-end/gateway.ts'

let gateway: TestGateway
beforeAll(async () => (gateway = await startGateway({ ...SANDBOX, server: { max_body: '100KiB' } })))
afterAll(() => gateway.close())

const JSON_BODY = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] })

function post(body: Uint8Array, encoding?: string): Promise<Response> {
  const headers = {
    'content-type': 'application/json',
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  }
  return fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body: new Uint8Array(body) })
}

const bytes = Buffer.from(JSON_BODY)

it.each([
  ['gzip', gzipSync(bytes)],
  ['x-gzip', gzipSync(bytes)],
  ['br', brotliCompressSync(bytes)],
  ['zstd', zstdCompressSync(bytes)],
  ['deflate', deflateSync(bytes)],
  ['deflate', deflateRawSync(bytes)],
  ['identity', bytes],
  ['gzip, br', brotliCompressSync(gzipSync(bytes))],
])('a body in %s is read', async (encoding, body) => {
  expect((await post(body, encoding)).status).toBe(200)
})

it('a body that begins with a byte order mark is read', async () => {
  expect((await post(Buffer.from(`\uFEFF${JSON_BODY}`))).status).toBe(200)
})

it.each([
  ['an unknown encoding', 'snappy', bytes, 415],
  ['an encoding over and over', 'gzip, gzip, gzip, gzip', bytes, 415],
  ['a body that is not compressed', 'gzip', bytes, 400],
  ['a body that is cut off', 'gzip', gzipSync(bytes).subarray(0, 30), 400],
  ['a small body that grows beyond the bound', 'gzip', gzipSync(Buffer.alloc(10_000_000, 0x20)), 413],
])('%s is refused', async (_, encoding, body, status) => {
  const answer = await post(body, encoding)
  expect(answer.status).toBe(status)
  expect(await answer.json()).toMatchObject({ error: { message: expect.any(String), type: expect.any(String) } })
})

it.each(['/%ff', '/v1/models/%ff', '/v1/%E0%A4%A'])(
  'a path that is no text is refused in OpenAI’s shape: %s',
  async (path) => {
    const answer = await fetch(gateway.url + path)
    expect(answer.status).toBe(400)
    expect(answer.headers.get('x-request-id')).toBeTruthy()
    expect(await answer.json()).toMatchObject({ error: { code: 'invalid_url', type: 'invalid_request_error' } })
  },
)
