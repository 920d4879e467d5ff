/** A value as a segment of an URL's path. */
import { GatewayError } from '../../chat/error.ts'
import { asText } from '../../definition/hole.ts'

/** What stands for itself in any path: nearly every model's name. */
const PLAIN = /^\w[\w.-]*$/

/** Percent-encoded whole; with the flag `path` the slashes stay. Throws a GatewayError for what no URL can hold. */
export function encodeSegment(value: unknown, flag: string | undefined): string {
  const text = asText(value)
  if (PLAIN.test(text)) return text
  const refused = (why: string): GatewayError =>
    new GatewayError('invalid_request', `${JSON.stringify(text)} is not a model name: ${why}`, { param: 'model' })
  if (text.split(/[\\/]/).some((segment) => segment === '.' || segment === '..'))
    throw refused('it has "." or ".." as a path segment')
  if (!text.isWellFormed()) throw refused('it has half of a character')
  // @ is a plain character of a path, and some vendors' models begin with it
  const encode = (segment: string): string => encodeURIComponent(segment).replaceAll('%40', '@')
  return flag === 'path' ? text.split('/').map(encode).join('/') : encodeURIComponent(text)
}
