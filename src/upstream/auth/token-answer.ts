import { GatewayError, type ErrorKind } from '../../chat/error.ts'
import { isMap } from '../../definition/scope.ts'
import type { AuthorizeContext, Secret, UpstreamRequest } from '../types.ts'
import { withoutSecret } from './key-parts.ts'
import type { Token } from './token-cache.ts'

export interface TokenFields {
  /** Path of the token in the answer. */
  token: string
  /** Path of its life in seconds. */
  expires_in: string
  /** Path of its end in seconds since the epoch, where the vendor gives that. */
  expires_at?: string
  /** Milliseconds, where the answer says neither. */
  lifetime: number
}

export const OAUTH: TokenFields = { token: 'access_token', expires_in: 'expires_in', lifetime: 3_600_000 }

/**
 * Trades the key for a token. Throws a GatewayError: `authentication` when the key was refused, `rate_limit`, or
 * `connection` when the token's server is ill.
 */
export async function exchangeToken(
  request: UpstreamRequest,
  context: AuthorizeContext,
  secret: Secret,
  fields: TokenFields,
): Promise<Token> {
  const { status, body } = await context.fetch(request)
  const answer = parsed(body)
  const text = at(answer, fields.token)
  if (status >= 200 && status < 300 && typeof text === 'string' && text !== '') {
    return { text, expires: expiryOf(answer, fields, context.now) }
  }
  const { host } = new URL(request.url)
  const said = withoutSecret(messageOf(answer) ?? 'no token in its answer', secret)
  const fault = (kind: ErrorKind, what: string): GatewayError =>
    new GatewayError(kind, `${host} ${what}: ${said}`, { host })
  if (status === 429) throw fault('rate_limit', 'gives no more tokens for now')
  if (status >= 500) throw fault('connection', `could not give a token (${status})`)
  throw fault('authentication', `gave no token for this key (${status})`)
}

function expiryOf(answer: unknown, fields: TokenFields, now: number): number {
  const end = fields.expires_at === undefined ? Number.NaN : numberOf(at(answer, fields.expires_at))
  if (end > 0) return end * 1000
  const life = numberOf(at(answer, fields.expires_in))
  return now + (life > 0 ? life * 1000 : fields.lifetime)
}

/** Some servers write numbers as text. */
function numberOf(value: unknown): number {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : Number.NaN
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((found, key) => (isMap(found) && Object.hasOwn(found, key) ? found[key] : undefined), value)
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** OAuth's words for what went wrong (RFC 6749, 5.2), or what others say instead. */
function messageOf(answer: unknown): string | undefined {
  const paths = ['error_description', 'error.message', 'errorMessage', 'message', 'error', 'errorCode']
  return paths.map((path) => at(answer, path)).find((found) => typeof found === 'string')
}
