import { createPrivateKey, type KeyObject } from 'node:crypto'
import { GatewayError } from '../../chat/error.ts'
import { isMap } from '../../definition/scope.ts'
import type { Authorizer, AuthorizeContext, Secret, UpstreamRequest } from '../types.ts'
import { bearer } from './token-placement.ts'
import { identityOf, part } from './key-parts.ts'
import { readOptions } from './options.ts'
import { exchangeToken, OAUTH } from './token-answer.ts'
import { createTokenCache } from './token-cache.ts'

const TOKEN_URI = 'https://oauth2.googleapis.com/token'
const SCOPE = 'https://www.googleapis.com/auth/cloud-platform'

/**
 * Google's OAuth for servers: a service account's JSON (`client_email`, `private_key`, `token_uri`) signs an assertion
 * that is traded for a token (https://developers.google.com/identity/protocols/oauth2/service-account); a user's JSON
 * (`refresh_token`, `client_id`, `client_secret`) is traded as it is. A key that is other text is a token already.
 * Options: `scope`, `margin` in seconds.
 */
export function googleOauth(written: Record<string, unknown>): Authorizer {
  const options = readOptions('google-oauth', written, ['scope', 'margin'])
  const scope = options.text('scope') ?? SCOPE
  const tokens = createTokenCache({ margin: options.number('margin', 600) * 1000 })

  return (request, context) => {
    const account = accountOf(context.secret)
    if (account === undefined) return bearer(request, identityOf(context.secret))
    const exchange = async () => exchangeToken(await tokenRequest(account, scope, context), context, account, OAUTH)
    const token = tokens.get(identityOf(context.secret), context.now, exchange, context.renew)
    return typeof token === 'string' ? bearer(request, token) : token.then((text) => bearer(request, text))
  }
}

/** The parts of the key: given as such, or as the text of the JSON file. Undefined for a bare token. */
function accountOf(secret: Secret): Record<string, string> | undefined {
  if (typeof secret !== 'string') return secret
  if (!secret.trimStart().startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(secret)
    if (isMap(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]))
  } catch {
    // Said below, without the parser's message: that quotes the key.
  }
  throw new GatewayError('authentication', 'The key looks like the JSON of a service account but is not valid JSON.')
}

async function tokenRequest(
  account: Record<string, string>,
  scope: string,
  context: AuthorizeContext,
): Promise<UpstreamRequest> {
  const url = account['token_uri'] ?? TOKEN_URI
  const form: Record<string, string> =
    account['refresh_token'] === undefined
      ? {
          grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
          assertion: await assertion(account, scope, url, context.now),
        }
      : {
          grant_type: 'refresh_token',
          refresh_token: account['refresh_token'],
          client_id: part(account, 'client_id'),
          client_secret: part(account, 'client_secret'),
        }
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  }
}

async function assertion(
  account: Record<string, string>,
  scope: string,
  audience: string,
  now: number,
): Promise<string> {
  const issuer = part(account, 'client_email')
  const seconds = Math.floor(now / 1000)
  const kid = account['private_key_id']
  const { SignJWT } = await import('jose')
  return new SignJWT({ scope })
    .setProtectedHeader({ alg: 'RS256', typ: 'JWT', ...(kid === undefined ? {} : { kid }) })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 3600)
    .sign(privateKey(part(account, 'private_key')))
}

/** An environment variable often holds the line ends as `\n`, two characters. */
function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem.replaceAll('\\n', '\n'))
  } catch {
    throw new GatewayError('authentication', 'The private_key of the service account is not a readable PEM.')
  }
}
