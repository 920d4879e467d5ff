import { isMap } from '../../definition/scope.ts'
import type { Authorizer, Secret } from '../types.ts'
import { compilePlacement } from './token-placement.ts'
import { compileKeyPattern, identityOf, part } from './key-parts.ts'
import { readOptions } from './options.ts'
import { createTokenCache, type Token } from './token-cache.ts'

const KNOWN = ['key', 'sign_with', 'header', 'claims', 'unit', 'lifetime', 'margin', 'into']
const HOLES = ['key', 'now', 'expires']

/**
 * A token that we sign ourselves (HS256) with one part of the key. Options: `key`, the pattern of a key that is one text
 * (`${id}.${secret}`); `sign_with`, the part that signs (`secret`); `header` and `claims`, templates with `$key.part`,
 * `$now` and `$expires` in `unit` (s or ms); `lifetime` and `margin` in seconds; `into`. A key that is one text and
 * does not fit the pattern is a token already.
 */
export function jwtHs256(written: Record<string, unknown>): Authorizer {
  const options = readOptions('jwt-hs256', written, KNOWN)
  const split = compileKeyPattern(options.text('key') ?? '${id}.${secret}', options.path('key'))
  const signWith = options.text('sign_with') ?? 'secret'
  const header = options.template('header', HOLES, {})
  const claims = options.template('claims', HOLES, { iss: '$key.id', iat: '$now', exp: '$expires' })
  const unit = options.oneOf('unit', ['s', 'ms'], 's') === 's' ? 1000 : 1
  const lifetime = options.number('lifetime', 3600) * 1000
  const into = compilePlacement(options)
  const tokens = createTokenCache({ margin: options.number('margin', 300) * 1000 })

  async function sign(key: Secret, now: number): Promise<Token> {
    const expires = now + lifetime
    const values = { key, now: Math.floor(now / unit), expires: Math.floor(expires / unit) }
    const { SignJWT } = await import('jose')
    const text = await new SignJWT(mapOf(claims(values)))
      .setProtectedHeader({ ...mapOf(header(values)), alg: 'HS256' })
      .sign(Buffer.from(part(key, signWith)))
    return { text, expires }
  }

  return (request, { secret, now, renew }) => {
    const key = split(secret)
    if (typeof key === 'string') return into(request, key)
    const token = tokens.get(identityOf(key), now, () => sign(key, now), renew)
    return typeof token === 'string' ? into(request, token) : token.then((text) => into(request, text))
  }
}

function mapOf(value: unknown): Record<string, unknown> {
  return isMap(value) ? value : {}
}
