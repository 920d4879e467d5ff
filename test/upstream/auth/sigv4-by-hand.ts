/** AWS Signature Version 4 once more, straight from its description: the judge of the library's result. */
import { createHash, createHmac } from 'node:crypto'

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Uint8Array, data: string): Buffer => createHmac('sha256', key).update(data).digest()
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

export function signatureByHand(
  request: { method: string; url: string; headers: Record<string, string>; body: string | Uint8Array },
  credential: { id: string; key: string; region: string; service: string },
): string {
  const url = new URL(request.url)
  const path = url.pathname.split('/').map(encode).join('/')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .toSorted()
    .join('&')
  const names = Object.keys(request.headers)
    .filter((name) => name !== 'authorization')
    .toSorted()
  const headers = names.map((name) => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('')
  const canonical = [request.method, path, query, headers, names.join(';'), sha256(request.body)].join('\n')
  const stamp = request.headers['x-amz-date'] ?? ''
  const day = stamp.slice(0, 8)
  const scope = `${day}/${credential.region}/${credential.service}/aws4_request`
  const toSign = ['AWS4-HMAC-SHA256', stamp, scope, sha256(canonical)].join('\n')
  const key = [day, credential.region, credential.service, 'aws4_request'].reduce<string | Buffer>(
    (key, word) => hmac(key, word),
    `AWS4${credential.key}`,
  )
  const signature = hmac(key, toSign).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=${credential.id}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
}
