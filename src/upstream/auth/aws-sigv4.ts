import type { SignatureV4 } from '@smithy/signature-v4'
import { GatewayError } from '../../chat/error.ts'
import type { Authorizer, UpstreamRequest } from '../types.ts'
import { bearer } from './token-placement.ts'
import { part } from './key-parts.ts'
import { NodeSha256 } from './node-sha256.ts'
import { readOptions } from './options.ts'

/** A label of a host that is a region: us-east-1, us-gov-west-1, ap-southeast-2. */
const REGION = /(?:^|\.)([a-z]{2,3}(?:-[a-z]+)+-\d+)(?=\.|$)/

/**
 * AWS Signature Version 4 over the finished request
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html). The key has the parts
 * `access_key_id`, `secret_access_key` and, where they are, `session_token` and `region`; a key that is one text is an
 * API key and goes as bearer. Options: `service`; `region`, for hosts that do not name theirs.
 */
export function awsSigv4(written: Record<string, unknown>): Authorizer {
  const options = readOptions('aws-sigv4', written, ['service', 'region'])
  const service = options.need('service')
  const ownRegion = options.text('region')

  return async (request, { secret, now }) => {
    if (typeof secret === 'string') return bearer(request, secret)
    const url = new URL(request.url)
    const region = secret['region'] ?? ownRegion ?? REGION.exec(url.hostname)?.[1]
    if (region === undefined) {
      const { host } = url
      const message = `No region to sign for: ${host} names none; give the key a region.`
      throw new GatewayError('authentication', message, { host })
    }
    // Loaded with the first request that needs it: most servers never do.
    const { SignatureV4 } = await import('@smithy/signature-v4')
    const signer = new SignatureV4({
      service,
      region,
      credentials: {
        accessKeyId: part(secret, 'access_key_id'),
        secretAccessKey: part(secret, 'secret_access_key'),
        sessionToken: secret['session_token'],
      },
      sha256: NodeSha256,
      // The body's hash is signed as part of the request; only S3 wants it as a header, too.
      applyChecksum: false,
    })
    const { headers } = await signer.sign(signable(request, url), { signingDate: new Date(now) })
    return { ...request, headers }
  }
}

/** The request in the library's shape. The path stays encoded as it is sent: signing encodes it once more, as AWS does. */
function signable(
  request: UpstreamRequest,
  url: URL,
): Parameters<SignatureV4['sign']>[0] & { headers: Record<string, string> } {
  const query: Record<string, string[]> = {}
  for (const [name, value] of url.searchParams) (query[name] ??= []).push(value)
  return {
    method: request.method,
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query,
    headers: { ...request.headers, host: url.host },
    body: request.body,
  }
}
