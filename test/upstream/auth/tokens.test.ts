import { generateKeyPairSync } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/chat/error.ts'
import { DefinitionError } from '../../../src/definition/error.ts'
import { AUTHORIZERS } from '../../../src/upstream/auth/index.ts'
import { createTokenCache } from '../../../src/upstream/auth/token-cache.ts'
import type { Secret, UpstreamRequest } from '../../../src/upstream/types.ts'

const NOW = Date.UTC(2026, 0, 1)
const REQUEST: UpstreamRequest = { method: 'POST', url: 'https://api.example/v1/chat', headers: { a: 'b' }, body: '{}' }

interface Answer {
  status?: number
  body: unknown
}

/** An authoriser beside a token server that gives the answers in turn, the last one for ever. */
function setUp(name: string, options: Record<string, unknown>, ...answers: Answer[]) {
  const authorize = (AUTHORIZERS[name] ?? expect.fail(name))(options)
  const calls: UpstreamRequest[] = []
  const fetch = async (request: UpstreamRequest) => {
    const { status = 200, body } =
      answers[Math.min(calls.length, answers.length - 1)] ?? expect.fail('no call expected')
    calls.push(request)
    await Promise.resolve()
    return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
  }
  const ask = async (secret: Secret, now = NOW, renew = false) => authorize(REQUEST, { secret, now, fetch, renew })
  const bearer = async (secret: Secret, now = NOW, renew = false) =>
    (await ask(secret, now, renew)).headers['authorization']
  return { ask, bearer, calls }
}

const formOf = (request: UpstreamRequest | undefined) => Object.fromEntries(new URLSearchParams(String(request?.body)))
const token = (text: string, expires_in: unknown = 3600): Answer => ({ body: { access_token: text, expires_in } })

async function faultOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  )
  if (!(error instanceof GatewayError)) throw error
  return error
}

describe('token-exchange', () => {
  const IAM = {
    url: 'https://iam.example/identity/token',
    form: { grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: '$key' },
    expires_at: 'expiration',
  }

  it('trades an API key for a bearer token, by a form', async () => {
    const { ask, calls } = setUp('token-exchange', IAM, { body: { access_token: 't1', expiration: NOW / 1000 + 3600 } })
    expect(await ask('k&1')).toEqual({ ...REQUEST, headers: { a: 'b', authorization: 'Bearer t1' } })
    expect(calls[0]).toMatchObject({ method: 'POST', url: IAM.url })
    expect(calls[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded')
    expect(formOf(calls[0])).toEqual({ grant_type: IAM.form.grant_type, apikey: 'k&1' })
  })

  it.each([null, {}, [], '', 'soon', -1, { toString: {} }])(
    'a life of %j is no life: the usual one counts',
    async (life) => {
      const odd = { body: { access_token: 't1', expires_in: life, expiration: life } }
      const { bearer, calls } = setUp('token-exchange', IAM, odd, token('t2'))
      expect(await bearer('k')).toBe('Bearer t1')
      expect(await bearer('k', NOW + 3_000_000)).toBe('Bearer t1')
      expect(calls).toHaveLength(1)
    },
  )

  it('sends client credentials in the query and the token in the query, too', async () => {
    const { ask, calls } = setUp(
      'token-exchange',
      {
        key: '${id}:${secret}',
        url: 'https://aip.example/oauth/2.0/token',
        query: { grant_type: 'client_credentials', client_id: '$key.id', client_secret: '$key.secret' },
        into: { query: { access_token: '$token' } },
      },
      token('24.a b', 2_592_000),
    )
    expect((await ask('ak:s&k')).url).toBe('https://api.example/v1/chat?access_token=24.a+b')
    expect(calls[0]?.url).toBe(
      'https://aip.example/oauth/2.0/token?grant_type=client_credentials&client_id=ak&client_secret=s%26k',
    )
    expect(calls[0]?.body).toBe('')
  })

  it('puts parts of the key in the URL, a basic header and JSON, and finds the token deep in the answer', async () => {
    const { ask, calls } = setUp(
      'token-exchange',
      {
        url: 'https://${key.host}/${key.tenant}/token',
        basic: ['$key.id', '$key.secret'],
        json: { scope: 'all', nested: { id: '$key.id' } },
        headers: { 'X-Version': '1' },
        token: 'data.token',
        into: { headers: { 'X-Token': '${token}!' } },
      },
      { body: { data: { token: 't' } } },
    )
    const key = { host: 'ws.example:8443', tenant: 'a/b', id: 'i', secret: 's' }
    expect((await ask(key)).headers).toEqual({ a: 'b', 'x-token': 't!' })
    expect(calls[0]?.url).toBe('https://ws.example:8443/a%2Fb/token')
    expect(calls[0]?.headers).toMatchObject({
      authorization: `Basic ${Buffer.from('i:s').toString('base64')}`,
      'content-type': 'application/json',
      'x-version': '1',
    })
    expect(JSON.parse(String(calls[0]?.body))).toEqual({ scope: 'all', nested: { id: 'i' } })
  })

  it('takes a key of one text as a token where parts are asked for', async () => {
    const { bearer } = setUp('token-exchange', { url: 'https://x/', form: { id: '$key.id' } })
    expect(await bearer('dapi-personal')).toBe('Bearer dapi-personal')
  })

  it('asks once for all who need the token at the same time, and again only near its end', async () => {
    const { bearer, calls } = setUp('token-exchange', { ...IAM, margin: 300 }, token('t1'), token('t2'))
    expect(await Promise.all([bearer('k'), bearer('k'), bearer('k')])).toEqual(Array(3).fill('Bearer t1'))
    expect(await bearer('k', NOW + 3_299_000)).toBe('Bearer t1')
    expect(calls.length).toBe(1)
    // Inside the margin the old one is still given while the new one is fetched beside it.
    expect(await bearer('k', NOW + 3_301_000)).toBe('Bearer t1')
    await Promise.resolve()
    await new Promise(setImmediate)
    expect(await bearer('k', NOW + 3_302_000)).toBe('Bearer t2')
    expect(calls.length).toBe(2)
  })

  it('waits for a new token when the old one has ended', async () => {
    const { bearer } = setUp('token-exchange', IAM, token('t1'), token('t2'))
    await bearer('k')
    expect(await bearer('k', NOW + 3_600_000)).toBe('Bearer t2')
  })

  it('keeps a token for each key', async () => {
    const { bearer, calls } = setUp('token-exchange', IAM, token('t1'), token('t2'))
    expect(await bearer('k1')).toBe('Bearer t1')
    expect(await bearer('k2')).toBe('Bearer t2')
    expect(await bearer('k1')).toBe('Bearer t1')
    expect(calls.length).toBe(2)
  })

  it('fetches a new token when the vendor refused the old one, once for all who were refused', async () => {
    const { bearer, calls } = setUp('token-exchange', IAM, token('t1'), token('t2'))
    await bearer('k')
    const later = NOW + 60_000
    expect(await Promise.all([bearer('k', later, true), bearer('k', later, true)])).toEqual(['Bearer t2', 'Bearer t2'])
    expect(await bearer('k', later + 100, true)).toBe('Bearer t2')
    expect(calls.length).toBe(2)
  })

  it('goes on with the old token when the renewal fails', async () => {
    const { bearer, calls } = setUp('token-exchange', IAM, token('t1'), { status: 500, body: 'down' }, token('t3'))
    await bearer('k')
    expect(await bearer('k', NOW + 3_400_000)).toBe('Bearer t1')
    await new Promise(setImmediate)
    expect(await bearer('k', NOW + 3_401_000)).toBe('Bearer t1')
    expect(calls.length).toBe(2)
    expect(await bearer('k', NOW + 3_600_000)).toBe('Bearer t3')
  })

  it.each([
    [401, { error: 'invalid_client', error_description: 'unknown client id' }, 'authentication', 'unknown client id'],
    [400, { errorMessage: 'Provided API key k-secret-1 could not be found' }, 'authentication', 'key *** could not'],
    [200, { error: 'expired' }, 'authentication', 'expired'],
    [429, { message: 'slow' }, 'rate_limit', 'slow'],
    [503, '<html>', 'connection', '(503)'],
    [200, '<html>', 'authentication', 'no token in its answer'],
  ])('tells what went wrong: %s %j', async (status, body, kind, words) => {
    const { bearer, calls } = setUp('token-exchange', IAM, { status, body }, token('t'))
    const [one, two] = await Promise.all([faultOf(bearer('k-secret-1')), faultOf(bearer('k-secret-1'))])
    expect(one.kind).toBe(kind)
    expect(one.message).toContain(words)
    expect(one.message).not.toContain('k-secret-1')
    expect(two).toBe(one)
    expect(calls.length).toBe(1)
    expect(await bearer('k-secret-1')).toBe('Bearer t')
  })

  it('names a part of the key that is missing', async () => {
    const { bearer } = setUp('token-exchange', { url: 'https://x/', form: { a: '$key.id', b: '${key.secret}' } })
    expect((await faultOf(bearer({ id: 'i' }))).message).toContain('no part "secret" (it has id)')
  })
})

describe('google-oauth', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const ACCOUNT = {
    type: 'service_account',
    client_email: 'me@project.example',
    private_key_id: 'kid1',
    private_key: pem,
    token_uri: 'https://oauth2.example/token',
  }

  it.each([
    ['the text of the JSON file', JSON.stringify(ACCOUNT)],
    ['its parts', ACCOUNT],
    ['a private key whose line ends were escaped', { ...ACCOUNT, private_key: pem.replaceAll('\n', '\\n') }],
  ])('trades a signed assertion for a token: %s', async (_, key) => {
    const { bearer, calls } = setUp('google-oauth', {}, token('ya29'))
    expect(await bearer(key)).toBe('Bearer ya29')
    expect(calls[0]?.url).toBe(ACCOUNT.token_uri)
    const form = formOf(calls[0])
    expect(form['grant_type']).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer')
    const { payload, protectedHeader } = await jwtVerify(form['assertion'] ?? '', publicKey, {
      currentDate: new Date(NOW),
    })
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'kid1' })
    expect(payload).toEqual({
      iss: ACCOUNT.client_email,
      scope: 'https://www.googleapis.com/auth/cloud-platform',
      aud: ACCOUNT.token_uri,
      iat: NOW / 1000,
      exp: NOW / 1000 + 3600,
    })
    expect(await bearer(key, NOW + 1_000_000)).toBe('Bearer ya29')
    expect(calls.length).toBe(1)
  })

  it("trades a user's refresh token", async () => {
    const { bearer, calls } = setUp('google-oauth', {}, token('ya29'))
    const user = { type: 'authorized_user', client_id: 'i', client_secret: 's', refresh_token: 'r' }
    expect(await bearer(JSON.stringify(user))).toBe('Bearer ya29')
    expect(calls[0]?.url).toBe('https://oauth2.googleapis.com/token')
    expect(formOf(calls[0])).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'r',
      client_id: 'i',
      client_secret: 's',
    })
  })

  it('sends other text as the token that it is', async () => {
    expect(await setUp('google-oauth', {}).bearer('ya29.raw')).toBe('Bearer ya29.raw')
  })

  it.each([
    ['JSON that is broken', '{"client_email": "secret-mail"', 'not valid JSON'],
    ['a key that is no PEM', { ...ACCOUNT, private_key: 'nonsense-key' }, 'not a readable PEM'],
    ['no client_email', { private_key: pem }, '"client_email"'],
  ])('says what is wrong with the key, without showing it: %s', async (_, key, words) => {
    const fault = await faultOf(setUp('google-oauth', {}).bearer(key))
    expect(fault.kind).toBe('authentication')
    expect(fault.message).toContain(words)
    expect(fault.message).not.toMatch(/secret-mail|nonsense-key/)
  })
})

describe('jwt-hs256', () => {
  const ZHIPU = {
    unit: 'ms',
    header: { sign_type: 'SIGN' },
    claims: { api_key: '$key.id', exp: '$expires', timestamp: '$now' },
    into: { headers: { authorization: '$token' } },
  }

  it.each([
    ['one text', 'abc.s3cret.x'],
    ['parts', { id: 'abc', secret: 's3cret.x' }],
  ])('signs with the secret of the key: %s', async (_, key) => {
    const { bearer } = setUp('jwt-hs256', ZHIPU)
    const text = (await bearer(key)) ?? ''
    // `exp` in ms is far in the future for who reads seconds: a verifier only needs the signature here.
    await jwtVerify(text, Buffer.from('s3cret.x'), { currentDate: new Date(NOW) })
    expect(decodeProtectedHeader(text)).toEqual({ alg: 'HS256', sign_type: 'SIGN' })
    expect(decodeJwt(text)).toEqual({ api_key: 'abc', exp: NOW + 3_600_000, timestamp: NOW })
  })

  it('signs in seconds where nothing else is said, and again near the end of the token', async () => {
    const { bearer } = setUp('jwt-hs256', { lifetime: 600, margin: 100 })
    const first = (await bearer('i.s')) ?? ''
    expect(decodeJwt(first.replace('Bearer ', ''))).toEqual({ iss: 'i', iat: NOW / 1000, exp: NOW / 1000 + 600 })
    expect(await bearer('i.s', NOW + 499_000)).toBe(first)
    expect(await bearer('i.s', NOW + 599_000)).not.toBe(first)
  })

  it('sends a key without a dot as the token that it is', async () => {
    expect(await setUp('jwt-hs256', {}).bearer('plain')).toBe('Bearer plain')
  })
})

describe('the options of an authoriser', () => {
  it.each([
    ['aws-sigv4', {}, 'needs service'],
    ['aws-sigv4', { servic: 'x' }, 'did you mean service'],
    ['jwt-hs256', { unit: 'h' }, 'one of s, ms'],
    ['jwt-hs256', { claims: { a: '$nwo' } }, 'did you mean $now'],
    ['jwt-hs256', { key: '${id}${secret}' }, 'text between'],
    ['token-exchange', {}, 'needs url'],
    ['token-exchange', { url: 'https://x/${kye.id}' }, 'unknown hole $kye, did you mean $key?'],
    ['token-exchange', { url: 'https://x', margin: '5m' }, 'a number above 0'],
    ['token-exchange', { url: 'https://x', basic: 'a:b' }, 'a list of texts'],
    ['google-oauth', { scope: 1 }, 'is a text'],
  ])('%s %j: is told at load, with its place', (name, options, words) => {
    const make = AUTHORIZERS[name] ?? expect.fail(name)
    let fault: unknown
    try {
      make(options)
    } catch (error) {
      fault = error
    }
    expect(fault).toBeInstanceOf(DefinitionError)
    expect(fault).toMatchObject({
      message: expect.stringContaining(words),
      path: expect.arrayContaining(['auth', name]),
    })
  })
})

describe('the tokens that are kept', () => {
  it('are so many, the oldest goes', async () => {
    const cache = createTokenCache({ margin: 1000, size: 2 })
    let made = 0
    const exchange = async () => ({ text: `t${++made}`, expires: NOW + 3_600_000 })
    for (const key of ['a', 'b', 'c']) await cache.get(key, NOW, exchange)
    expect(await cache.get('c', NOW, exchange)).toBe('t3')
    expect(await cache.get('b', NOW, exchange)).toBe('t2')
    expect(await cache.get('a', NOW, exchange)).toBe('t4')
  })

  it('come to those who wait when the one who asked first goes away', async () => {
    const cache = createTokenCache({ margin: 1000 })
    const first = cache.get('a', NOW, async () => {
      await Promise.resolve()
      throw new GatewayError('cancelled', 'gone')
    })
    let made = 0
    const exchange = async () => ({ text: `t${++made}`, expires: NOW + 3_600_000 })
    const others = Promise.all([cache.get('a', NOW, exchange), cache.get('a', NOW, exchange)])
    await expect(first).rejects.toMatchObject({ kind: 'cancelled' })
    expect(await others).toEqual(['t1', 't1'])
  })

  it('are used for half of their life when that is shorter than the margin', async () => {
    const cache = createTokenCache({ margin: 600_000 })
    let made = 0
    const exchange = async () => ({ text: `t${++made}`, expires: NOW + made * 60_000 })
    await cache.get('a', NOW, exchange)
    expect(await cache.get('a', NOW + 29_000, exchange)).toBe('t1')
    expect(made).toBe(1)
    await cache.get('a', NOW + 31_000, exchange)
    expect(made).toBe(2)
  })
})
