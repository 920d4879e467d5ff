import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/chat/error.ts'
import { AUTHORIZERS } from '../../../src/upstream/auth/index.ts'
import type { AuthorizeContext, Secret, UpstreamRequest } from '../../../src/upstream/types.ts'
import { signatureByHand } from './sigv4-by-hand.ts'

const context = (secret: Secret, now: number): AuthorizeContext => ({
  secret,
  now,
  fetch: () => expect.fail('nothing is to be fetched'),
})

const authorizer = (name: string, options: Record<string, unknown>) => {
  const make = AUTHORIZERS[name] ?? expect.fail(name)
  const authorize = make(options)
  return async (request: UpstreamRequest, secret: Secret, now: number) => authorize(request, context(secret, now))
}

describe('aws-sigv4', () => {
  const EXAMPLE = { access_key_id: 'AKIDEXAMPLE', secret_access_key: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
  const NOW = Date.UTC(2015, 7, 30, 12, 36)

  // AWS's own signature test suite: get-vanilla, post-vanilla.
  it.each([
    ['GET', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
    ['POST', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ])('signs the published example %s', async (method, signature) => {
    const sign = authorizer('aws-sigv4', { service: 'service', region: 'us-east-1' })
    const request = { method, url: 'https://example.amazonaws.com/', headers: {}, body: '' }
    const { headers } = await sign(request, EXAMPLE, NOW)
    expect(headers['authorization']).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
        `SignedHeaders=host;x-amz-date, Signature=${signature}`,
    )
  })

  it('encodes a path that is encoded once more, and signs query, body and session token', async () => {
    const sign = authorizer('aws-sigv4', { service: 'bedrock' })
    const path = fc.array(fc.constantFrom('a', '%3A', '%2F', '-', '.', '~', '_', 'v1', '/m'), { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(path, fc.string(), fc.webQueryParameters(), async (segments, body, query) => {
        const request = {
          method: 'POST',
          url: `https://bedrock-runtime.eu-west-3.amazonaws.com/model/x${segments.join('')}x/converse?q=${encodeURIComponent(query)}&a=b`,
          headers: { 'content-type': 'application/json', accept: 'application/vnd.amazon.eventstream' },
          body,
        }
        const signed = await sign(request, { ...EXAMPLE, session_token: 'T/o=' }, NOW)
        expect(signed.headers['x-amz-security-token']).toBe('T/o=')
        expect(signed.url).toBe(request.url)
        expect(signed.body).toBe(request.body)
        const credential = {
          id: EXAMPLE.access_key_id,
          key: EXAMPLE.secret_access_key,
          region: 'eu-west-3',
          service: 'bedrock',
        }
        expect(signed.headers['authorization']).toBe(signatureByHand(signed, credential))
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['https://bedrock-runtime.us-gov-west-1.amazonaws.com/', {}, {}, 'us-gov-west-1'],
    ['https://vpce-0a1-b2.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com/', {}, {}, 'ap-southeast-2'],
    ['http://127.0.0.1:8080/', {}, { region: 'eu-central-1' }, 'eu-central-1'],
    ['https://bedrock-runtime.us-east-1.amazonaws.com/', { region: 'us-west-2' }, { region: 'eu-west-1' }, 'us-west-2'],
  ])('signs %s for its region', async (url, inKey, inOptions, region) => {
    const sign = authorizer('aws-sigv4', { service: 'bedrock', ...inOptions })
    const { headers } = await sign({ method: 'POST', url, headers: {}, body: '{}' }, { ...EXAMPLE, ...inKey }, NOW)
    expect(headers['authorization']).toContain(`/20150830/${region}/bedrock/aws4_request`)
    expect(headers['host']).toBe(new URL(url).host)
  })

  it('sends an API key as bearer', async () => {
    const sign = authorizer('aws-sigv4', { service: 'bedrock' })
    const { headers } = await sign({ method: 'POST', url: 'https://x/', headers: { a: 'b' }, body: '' }, 'ABSK', NOW)
    expect(headers).toEqual({ a: 'b', authorization: 'Bearer ABSK' })
  })

  it('says which part of the key is missing, and that no region is known', async () => {
    const sign = authorizer('aws-sigv4', { service: 'bedrock' })
    const request = { method: 'POST', url: 'https://bedrock-runtime.us-east-1.amazonaws.com/', headers: {}, body: '' }
    const error = await sign(request, { access_key_id: 'AKID' }, NOW).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(GatewayError)
    expect(error).toMatchObject({ kind: 'authentication', message: expect.stringContaining('"secret_access_key"') })
    await expect(sign({ ...request, url: 'https://gateway.example/' }, EXAMPLE, NOW)).rejects.toMatchObject({
      kind: 'authentication',
      message: expect.stringContaining('No region'),
    })
  })
})

describe('tc3-hmac-sha256', () => {
  const request = {
    method: 'POST',
    url: 'https://cvm.tencentcloudapi.com/',
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'x-tc-action': 'DescribeInstances',
      'x-tc-version': '2017-03-12',
    },
    body: String.raw`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`,
  }
  const KEY = { secret_id: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE', secret_key: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE' }
  const NOW = 1551113065_123

  it('signs the published example', async () => {
    const sign = authorizer('tc3-hmac-sha256', { signed_headers: ['content-type', 'host'] })
    const { headers } = await sign(request, KEY, NOW)
    expect(headers['authorization']).toBe(
      `TC3-HMAC-SHA256 Credential=${KEY.secret_id}/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, ` +
        'Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
    )
    expect(headers['x-tc-timestamp']).toBe('1551113065')
  })

  it('covers the action, and carries a temporary token', async () => {
    const sign = authorizer('tc3-hmac-sha256', { service: 'hunyuan' })
    const one = await sign(request, { ...KEY, token: 'T' }, NOW)
    const other = { ...request, headers: { ...request.headers, 'x-tc-action': 'ChatCompletions' } }
    const two = await sign(other, { ...KEY, token: 'T' }, NOW)
    expect(one.headers['authorization']).toContain('/hunyuan/tc3_request, SignedHeaders=content-type;host;x-tc-action,')
    expect(two.headers['authorization']).not.toBe(one.headers['authorization'])
    expect(one.headers['x-tc-token']).toBe('T')
  })

  it('takes a key that is one text: id:key, or a bearer token', async () => {
    const sign = authorizer('tc3-hmac-sha256', {})
    const parts = await sign(request, KEY, NOW)
    const text = await sign(request, `${KEY.secret_id}:${KEY.secret_key}`, NOW)
    expect(text.headers).toEqual(parts.headers)
    expect((await sign(request, 'sk-x', NOW)).headers['authorization']).toBe('Bearer sk-x')
  })
})
