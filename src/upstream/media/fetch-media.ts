/** Fetches the files that clients name by URL, for vendors that want the bytes; never from inside the own network. */
import type { Cancellation } from '../../runtime/cancellation.ts'
import { isIP } from 'node:net'
import { GatewayError } from '../../chat/error.ts'
import { createClient } from '../http/client.ts'
import type { ClientAnswer } from '../types.ts'
import { readAll } from '../http/read-all.ts'
import { mediaTypeOf } from './media-type.ts'
import { isPublicAddress, notPublic, publicLookup } from '../http/public-address.ts'

export interface MediaLimits {
  /** Bytes of one file. */
  max_bytes?: number
  /** Milliseconds, redirects and all. */
  timeout?: number
  redirects?: number
  /** What may be fetched: whole types, or `image/*`. */
  media_types?: string[]
  /** Addresses that count as public beside those that are; for tests. */
  allow?: (address: string) => boolean
}

export interface Media {
  media_type: string
  /** Base64. */
  data: string
}

export interface MediaFetcher {
  /**
   * Throws a GatewayError: `invalid_request` for a URL that may not or cannot be fetched, or a file that is too large or
   * of another type; `cancelled`.
   */
  fetch(url: string, signal?: Cancellation): Promise<Media>
  close(): Promise<void>
}

export function createMediaFetcher(limits: MediaLimits = {}): MediaFetcher {
  const maxBytes = limits.max_bytes ?? 20 * 1024 * 1024
  const timeout = limits.timeout ?? 20_000
  const redirects = limits.redirects ?? 3
  const types = limits.media_types ?? ['image/*', 'application/pdf']
  const isAllowed = (address: string): boolean => isPublicAddress(address) || limits.allow?.(address) === true
  const client = createClient({ redirects: 'give', lookup: publicLookup(isAllowed), connections: 16, origins: 64 })

  async function open(url: URL, deadline: number, signal?: Cancellation): Promise<ClientAnswer> {
    const host = url.hostname.replace(/^\[|\]$/g, '')
    // A socket to a bare address makes no look-up.
    if (isIP(host) !== 0 && !isAllowed(host)) throw notPublic(url.hostname)
    const headers = { accept: types.join(', '), 'user-agent': 'balanced-call' }
    const total = Math.max(1, Math.ceil(deadline - performance.now()))
    return client.send({ method: 'GET', url: url.href, headers, body: '' }, { signal, timeouts: { total } })
  }

  async function follow(start: string, signal?: Cancellation): Promise<ClientAnswer> {
    const deadline = performance.now() + timeout
    let url = webUrl(start)
    for (let hop = 0; ; hop++) {
      const response = await open(url, deadline, signal)
      const { status, headers } = response
      if (status >= 200 && status < 300) return response
      await drop(response)
      const next = headers['location']
      if (status < 300 || status >= 400 || next === undefined) throw refused(`it answered with status ${status}`)
      if (hop >= redirects) throw refused(`it led on more than ${redirects} times`)
      url = webUrl(next, url)
    }
  }

  async function load(url: string, signal?: Cancellation): Promise<Media> {
    const response = await follow(url, signal)
    if (Number(response.headers['content-length']) > maxBytes) {
      await drop(response)
      throw tooLarge(maxBytes)
    }
    const bytes = await readAll(response.body, maxBytes).catch((error: unknown) => {
      throw error instanceof GatewayError && error.kind === 'bad_answer' ? tooLarge(maxBytes) : error
    })
    const media_type = mediaTypeOf(bytes, response.headers['content-type'])
    if (!types.some((type) => isOf(media_type, type)))
      throw refused(`it is of type ${media_type}, not ${types.join(', ')}`)
    return { media_type, data: bytes.toString('base64') }
  }

  return {
    async fetch(url, signal) {
      try {
        return await load(url, signal)
      } catch (error) {
        throw asRequestFault(error, url)
      }
    },
    close: () => client.destroy(),
  }
}

/** http(s) without user and password; `new URL` also writes 0x7f.1 and 2130706433 as the address that they are. */
function webUrl(text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href)
  if (url === null || !/^https?:$/.test(url.protocol)) throw refused('it is not an http(s) URL')
  if (url.username !== '' || url.password !== '') throw refused('it holds a user or a password')
  url.hash = ''
  return url
}

async function drop(response: ClientAnswer): Promise<void> {
  await response.body[Symbol.asyncIterator]().return?.()
}

function isOf(type: string, wanted: string): boolean {
  return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}

function refused(why: string): GatewayError {
  return new GatewayError('invalid_request', why)
}

function tooLarge(maxBytes: number): GatewayError {
  return refused(`it has more than ${maxBytes} bytes`)
}

/** Whatever went wrong is a fault of the URL that the client named; it is told without its query, which may hold a key. */
function asRequestFault(error: unknown, url: string): unknown {
  if (!(error instanceof GatewayError) || error.kind === 'cancelled' || error.kind === 'shutting_down') return error
  const named = url.slice(0, 200).replace(/[?#].*$/s, '')
  const why = error.message.replace(/\.$/, '')
  const message = `Cannot fetch ${named}: ${why}.`
  return new GatewayError('invalid_request', message, { code: 'invalid_image_url', cause: error })
}
