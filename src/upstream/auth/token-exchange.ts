import type { Authorizer, AuthorizeContext, Secret, UpstreamRequest } from '../types.ts'
import { compilePlacement, lowerKeys, withQuery } from './token-placement.ts'
import { compileKeyPattern, identityOf, part } from './key-parts.ts'
import { readOptions, textMap, type Options } from './options.ts'
import { exchangeToken, OAUTH, type TokenFields } from './token-answer.ts'
import { createTokenCache } from './token-cache.ts'

const KNOWN = [
  'key',
  'url',
  'method',
  'query',
  'form',
  'json',
  'headers',
  'basic',
  'token',
  'expires_in',
  'expires_at',
  'lifetime',
  'margin',
  'into',
]

/**
 * Trades the key for a token that lives a while, by one HTTP call that the options describe: `url`, `method`, `query`,
 * `form` or `json`, `headers`, `basic` (user and password) with holes `$key` and `$key.part`; `token`, `expires_in`,
 * `expires_at` are paths in the answer; `lifetime` and `margin` are seconds; `into` says where the token goes. A key
 * that is one text although its parts are asked for is a token already.
 */
export function tokenExchange(written: Record<string, unknown>): Authorizer {
  const options = readOptions('token-exchange', written, KNOWN)
  const split = compileKeyPattern(options.text('key'), options.path('key'))
  const parts = options.parts()
  const compose = compileCall(options)
  const into = compilePlacement(options)
  const fields: TokenFields = {
    token: options.text('token') ?? OAUTH.token,
    expires_in: options.text('expires_in') ?? OAUTH.expires_in,
    expires_at: options.text('expires_at'),
    lifetime: options.number('lifetime', 3600) * 1000,
  }
  const tokens = createTokenCache({ margin: options.number('margin', 300) * 1000 })

  function trade(secret: Secret, context: AuthorizeContext): string | Promise<string> {
    if (typeof secret === 'string' && parts.length > 0) return secret
    const exchange = async () => {
      for (const name of parts) part(secret, name)
      return exchangeToken(compose(secret), context, secret, fields)
    }
    return tokens.get(identityOf(secret), context.now, exchange, context.renew)
  }

  return (request, context) => {
    const token = trade(split(context.secret), context)
    return typeof token === 'string' ? into(request, token) : token.then((text) => into(request, text))
  }
}

function compileCall(options: Options): (secret: Secret) => UpstreamRequest {
  options.need('url')
  const fill = (key: string, otherwise?: unknown) => options.template(key, ['key'], otherwise)
  const [url, query, form, json, headers] = [fill('url'), fill('query'), fill('form'), fill('json'), fill('headers')]
  const basic = options.list('basic', []).length > 0 ? fill('basic') : undefined
  const method = options.text('method') ?? 'POST'
  const type = options.has('json') ? 'application/json' : 'application/x-www-form-urlencoded'
  return (secret) => {
    const values = { key: secret }
    const credentials: Record<string, string> = basic === undefined ? {} : { authorization: basicHeader(basic(values)) }
    return {
      method,
      url: withQuery(String(url({ key: encodedParts(secret) })), textMap(query(values))),
      headers: {
        accept: 'application/json',
        'content-type': type,
        ...credentials,
        ...lowerKeys(textMap(headers(values))),
      },
      body: options.has('json') ? JSON.stringify(json(values)) : new URLSearchParams(textMap(form(values))).toString(),
    }
  }
}

function basicHeader(words: unknown): string {
  return `Basic ${Buffer.from(Array.isArray(words) ? words.join(':') : '').toString('base64')}`
}

/** In a URL each part is one segment, and none of its characters parts it; a host with its port is one, too. */
function encodedParts(secret: Secret): Secret {
  const encode = (value: string) => encodeURIComponent(value).replaceAll('%3A', ':')
  if (typeof secret === 'string') return encode(secret)
  return Object.fromEntries(Object.entries(secret).map(([name, value]) => [name, encode(value)]))
}
