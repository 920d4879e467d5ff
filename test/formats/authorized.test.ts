/** What each kind of key becomes on its way out, by the definitions that need more than a header. */
import { expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import type { Secret, UpstreamRequest } from '../../src/upstream/types.ts'
import { shipped } from './cases.ts'

const NOW = Date.UTC(2026, 10, 24)

interface Sent {
  request: UpstreamRequest
  exchanges: UpstreamRequest[]
}

/** The request as it is sent; token servers give the token `traded`. */
async function sent(name: string, secret: Secret, model = 'm', base_url = 'https://vendor.example'): Promise<Sent> {
  const format = shipped(name)
  const chat = parseChatRequest({ model, messages: [{ role: 'user', content: 'Hi' }] })
  const { request } = format.encode(chat, { base_url, model, secret, headers: {} })
  const exchanges: UpstreamRequest[] = []
  const fetch = async (exchange: UpstreamRequest): Promise<{ status: number; body: string }> => {
    exchanges.push(exchange)
    return { status: 200, body: JSON.stringify({ access_token: 'traded', expires_in: 3600 }) }
  }
  return { request: (await format.authorize?.(request, { secret, now: NOW, fetch })) ?? request, exchanges }
}

test('a Bedrock API key is a bearer, the parts of an AWS key sign', async () => {
  const host = 'https://bedrock-runtime.us-east-1.amazonaws.com'
  const model = 'us.anthropic.claude-sonnet-4-5-v1:0'
  for (const format of ['bedrock', 'bedrock-anthropic']) {
    const { request } = await sent(format, 'api-key', model, host)
    expect(request.headers['authorization']).toBe('Bearer api-key')
    const parts = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'secret', region: 'us-east-1' }
    const signed = (await sent(format, parts, model, host)).request.headers['authorization']
    expect(signed).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261124\/us-east-1\/bedrock\/aws4_request, /)
  }
})

test('an Azure key is a bearer, the parts of an application are traded', async () => {
  expect((await sent('azure', 'api-key')).request.headers['authorization']).toBe('Bearer api-key')
  const parts = { tenant_id: 'tenant', client_id: 'id', client_secret: 'secret' }
  const { request, exchanges } = await sent('azure', parts)
  expect(request.headers['authorization']).toBe('Bearer traded')
  expect(exchanges.map((each) => each.url)).toEqual(['https://login.microsoftonline.com/tenant/oauth2/v2.0/token'])
  expect((await sent('azure-deployments', 'api-key')).request.headers).toMatchObject({ 'api-key': 'api-key' })
})

test('a token of Google goes as it is', async () => {
  for (const format of ['vertex', 'vertex-anthropic'])
    expect((await sent(format, 'ya29.token')).request.headers['authorization']).toBe('Bearer ya29.token')
})

test("Baidu's older wire trades its two parts for a token in the query", async () => {
  const { request, exchanges } = await sent('ernie', 'id:secret', 'ERNIE-4.0-8K')
  expect(new URL(request.url).searchParams.get('access_token')).toBe('traded')
  expect(exchanges[0]?.url).toBe(
    'https://aip.baidubce.com/oauth/2.0/token?grant_type=client_credentials&client_id=id&client_secret=secret',
  )
})

test('Tencent signs the body', async () => {
  const { request } = await sent('hunyuan', { secret_id: 'AKID', secret_key: 'key' })
  expect(request.headers['authorization']).toMatch(
    /^TC3-HMAC-SHA256 Credential=AKID\/2026-11-24\/hunyuan\/tc3_request, /,
  )
  expect(request.headers['x-tc-timestamp']).toBe(String(NOW / 1000))
})

test('watsonx trades its key and names its project', async () => {
  const { request, exchanges } = await sent('watsonx', { apikey: 'key', project_id: 'p1' })
  expect(request.headers['authorization']).toBe('Bearer traded')
  expect(JSON.parse(String(request.body))).toMatchObject({ project_id: 'p1' })
  expect(String(exchanges[0]?.body)).toContain('apikey=key')
  expect((await sent('watsonx', 'bare-key')).exchanges).toHaveLength(1)
})

test('a Databricks token goes as it is, the parts of a service principal are traded', async () => {
  expect((await sent('databricks', 'dapi-token')).request.headers['authorization']).toBe('Bearer dapi-token')
  const { request, exchanges } = await sent('databricks', {
    workspace: 'w.example',
    client_id: 'i',
    client_secret: 's',
  })
  expect(request.headers['authorization']).toBe('Bearer traded')
  expect(exchanges[0]?.url).toBe('https://w.example/oidc/v1/token')
})

test('a key of Zhipu is a bearer, or signs a token of its own where that is asked for', async () => {
  expect((await sent('zhipu', 'id.secret')).request.headers['authorization']).toBe('Bearer id.secret')
  const token = (await sent('zhipu', { id: 'id', secret: 'a-secret-that-is-long-enough-for-hs256' })).request.headers[
    'authorization'
  ]
  const [header = '', claims = ''] = token?.replace('Bearer ', '').split('.') ?? []
  const read = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  expect(read(header)).toMatchObject({ alg: 'HS256', sign_type: 'SIGN' })
  expect(read(claims)).toEqual({ api_key: 'id', timestamp: NOW, exp: NOW + 3_600_000 })
})

test('a server without a key is asked without one', async () => {
  for (const format of ['ollama', 'vllm', 'llamacpp', 'lmstudio', 'tgi'])
    expect((await sent(format, '')).request.headers['authorization']).toBeUndefined()
})
