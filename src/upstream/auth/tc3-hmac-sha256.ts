import { createHash, createHmac } from 'node:crypto'
import type { Authorizer } from '../types.ts'
import { bearer } from './token-placement.ts'
import { compileKeyPattern, part } from './key-parts.ts'
import { readOptions } from './options.ts'

const ALGORITHM = 'TC3-HMAC-SHA256'

/**
 * Tencent Cloud's signature, version 3 (https://www.tencentcloud.com/document/api/213/33224), over the finished body.
 * The key has the parts `secret_id`, `secret_key` and, for a temporary one, `token`; as one text it is
 * `${secret_id}:${secret_key}`, and a text that is not so is a bearer token. Options: `service` (by default the first
 * label of the host), `signed_headers`, `key`.
 */
export function tc3HmacSha256(written: Record<string, unknown>): Authorizer {
  const options = readOptions('tc3-hmac-sha256', written, ['service', 'signed_headers', 'key'])
  const split = compileKeyPattern(options.text('key') ?? '${secret_id}:${secret_key}', options.path('key'))
  const ownService = options.text('service')
  const signed = options.list('signed_headers', ['content-type', 'host', 'x-tc-action']).toSorted()

  return (request, { secret, now }) => {
    const key = split(secret)
    if (typeof key === 'string') return bearer(request, key)
    const url = new URL(request.url)
    const service = ownService ?? url.hostname.split('.')[0] ?? ''
    const timestamp = String(Math.floor(now / 1000))
    const date = new Date(now).toISOString().slice(0, 10)
    const headers: Record<string, string> = { ...request.headers, host: url.host, 'x-tc-timestamp': timestamp }
    if (key['token'] !== undefined) headers['x-tc-token'] = key['token']

    const names = signed.filter((name) => headers[name] !== undefined)
    const canonical = [
      request.method,
      '/',
      url.search.slice(1),
      ...names.map((name) => `${name}:${(headers[name] ?? '').trim().toLowerCase()}`),
      '',
      names.join(';'),
      sha256(request.body),
    ].join('\n')
    const scope = `${date}/${service}/tc3_request`
    const toSign = [ALGORITHM, timestamp, scope, sha256(canonical)].join('\n')
    const dayKey = hmac(`TC3${part(key, 'secret_key')}`, date)
    const signature = hmac(hmac(hmac(dayKey, service), 'tc3_request'), toSign).toString('hex')
    headers['authorization'] =
      `${ALGORITHM} Credential=${part(key, 'secret_id')}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
    return { ...request, headers }
  }
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: string | Uint8Array, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest()
}
