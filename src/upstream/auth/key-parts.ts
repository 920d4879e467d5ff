import { GatewayError } from '../../chat/error.ts'
import { compileTextPattern } from '../../definition/text-pattern.ts'
import { Scope } from '../../definition/scope.ts'
import type { Path } from '../../definition/error.ts'
import type { Secret } from '../types.ts'

/**
 * A compound key written as one text, such as `id.secret`, becomes its parts by a pattern: `${id}.${secret}`. A text
 * that does not fit, and any text where there is no pattern, stays one text.
 */
export function compileKeyPattern(pattern: string | undefined, path: Path): (secret: Secret) => Secret {
  if (pattern === undefined) return (secret) => secret
  const scope = Scope.of({})
  const fits = compileTextPattern(pattern, scope, path)
  const names = [...pattern.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '')
  return (secret) => {
    const frame = scope.frame()
    if (typeof secret !== 'string' || !fits(secret, frame)) return secret
    return Object.fromEntries(names.map((name) => [name, String(frame[scope.slotOf(name)])]))
  }
}

/** Throws a GatewayError `authentication` that names the missing part, and no value. */
export function part(secret: Secret, name: string): string {
  const value = typeof secret === 'string' ? undefined : secret[name]
  if (typeof value === 'string' && value !== '') return value
  const has = typeof secret === 'string' ? 'it is one text' : `it has ${Object.keys(secret).join(', ')}`
  throw new GatewayError('authentication', `The key has no part "${name}" (${has}); correct it in providers.yaml.`)
}

/** A vendor's message without any part of the key that it may repeat. */
export function withoutSecret(message: string, secret: Secret): string {
  const values = typeof secret === 'string' ? [secret] : Object.values(secret)
  return values.filter((value) => value.length >= 6).reduce((text, value) => text.replaceAll(value, '***'), message)
}

/** One text for a key, by which its token is kept. */
export function identityOf(secret: Secret): string {
  return typeof secret === 'string' ? secret : JSON.stringify(secret)
}
