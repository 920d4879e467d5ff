import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/chat/error.ts'
import { createMediaFetcher, type MediaFetcher, type MediaLimits } from '../../../src/upstream/media/fetch-media.ts'
import { isPublicAddress, publicLookup } from '../../../src/upstream/http/public-address.ts'
import { hostile, whole, type Hostile } from './hostile.ts'

const PNG = '\x89PNG\r\n\x1a\n0000'

const toClose: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of toClose.splice(0).toReversed()) await one.close()
})

/** A server that answers a path with the bytes given, as latin1. */
async function server(answers: Record<string, string>): Promise<Hostile> {
  const made = await hostile((socket, head) => {
    const answer = answers[/^GET (\S+)/.exec(head)?.[1] ?? '']
    if (answer !== undefined) socket.write(Buffer.from(answer, 'latin1'))
  })
  toClose.push(made)
  return made
}

/** This machine counts as public, as far as the limits do not say otherwise. */
function fetcher(limits: MediaLimits = {}): MediaFetcher {
  const made = createMediaFetcher({ allow: (address) => address === '127.0.0.1' || address === '::1', ...limits })
  toClose.push(made)
  return made
}

async function faultOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  )
  if (!(error instanceof GatewayError)) throw error
  return error
}

const latin1 = (body: string, headers: string): string =>
  `HTTP/1.1 200 OK\r\n${headers}content-length: ${body.length}\r\n\r\n${body}`
const redirect = (to: string): string => `HTTP/1.1 302 Found\r\nlocation: ${to}\r\ncontent-length: 0\r\n\r\n`

describe('a file by URL', () => {
  it('comes as base64, with the type that its bytes show', async () => {
    const { url } = await server({ '/a?b': latin1(PNG, 'content-type: image/jpeg\r\n') })
    const data = Buffer.from(PNG, 'latin1').toString('base64')
    expect(await fetcher().fetch(`${url}/a?b#c`)).toEqual({ media_type: 'image/png', data })
  })

  it('has the type that the server names where the bytes show none', async () => {
    const { url } = await server({ '/': whole('<svg/>', 'content-type: Image/SVG+xml; charset=utf-8\r\n') })
    expect((await fetcher().fetch(url)).media_type).toBe('image/svg+xml')
  })

  it('is found behind redirects, relative ones too, but not behind too many', async () => {
    const { url } = await server({
      '/1': redirect('/2'),
      '/2': redirect('3'),
      '/3': latin1(PNG, ''),
    })
    expect((await fetcher().fetch(`${url}/1`)).media_type).toBe('image/png')
    expect((await faultOf(fetcher({ redirects: 1 }).fetch(`${url}/1`))).message).toContain('more than 1 times')
  })

  it.each([
    [
      'another type',
      latin1('<html>', 'content-type: text/html\r\n'),
      'of type text/html, not image/*, application/pdf',
    ],
    ['not found', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 'status 404'],
    ['led to another scheme', redirect('file:///etc/passwd'), 'not an http(s) URL'],
  ])('is refused with 400: %s', async (_, answer, words) => {
    const { url } = await server({ '/x?key=secret': answer })
    const fault = await faultOf(fetcher().fetch(`${url}/x?key=secret`))
    expect(fault).toMatchObject({ kind: 'invalid_request', status: 400, code: 'invalid_image_url' })
    expect(fault.message).toContain(`Cannot fetch ${url}/x: `)
    expect(fault.message).toContain(words)
    expect(fault.message).not.toContain('secret')
  })

  it.each([
    ['too large by its own word', 'HTTP/1.1 200 OK\r\ncontent-length: 10000000\r\n\r\n', 'more than 1000 bytes'],
    ['too large in truth', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1001)}`, 'more than 1000 bytes'],
    ['cut', 'HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\nabc', 'within 40 ms'],
    ['never answered', '', 'within 40 ms'],
  ])('is refused and its connection closed: %s', async (_, answer, words) => {
    const { url, closed } = await server({ '/x': answer })
    const fault = await faultOf(fetcher({ max_bytes: 1000, timeout: 40 }).fetch(`${url}/x`))
    expect(fault.kind).toBe('invalid_request')
    expect(fault.message).toContain(words)
    await closed()
  })

  it('is given up when the client goes away', async () => {
    const abort = new AbortController()
    const made = await hostile(() => abort.abort())
    toClose.push(made)
    expect((await faultOf(fetcher().fetch(made.url, abort.signal))).kind).toBe('cancelled')
    await made.closed()
  })
})

describe('the own network', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.1/',
    'http://2130706433/',
    'http://0x7f.0.0.1/',
    'http://0/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://[fe80::1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.100.100.200/',
    'http://10.0.0.1/',
    'http://172.16.0.1:8080/',
    'http://192.168.1.1/',
    'http://localhost/',
  ])('is not reached by %s', async (url) => {
    const fault = await faultOf(fetcher({ allow: undefined }).fetch(url))
    expect(fault.kind).toBe('invalid_request')
    expect(fault.message).toContain('not on the public internet')
  })

  it('is not reached by a redirect', async () => {
    const inside = await server({ '/': latin1(PNG, '') })
    const { url } = await server({ '/': redirect(inside.url.replace('127.0.0.1', 'localhost')) })
    // Only the literal address of the first server counts as public here: what the name stands for does not.
    let seen = 0
    const { fetch } = fetcher({ allow: () => seen++ === 0 })
    expect((await faultOf(fetch(url))).message).toContain('not on the public internet')
    expect(inside.sockets.length).toBe(0)
  })

  it.each(['ftp://x/', 'data:image/png;base64,AAAA', 'javascript:1', 'nonsense', 'http://user:word@example.com/'])(
    'is not tried by %s',
    async (url) => {
      expect((await faultOf(fetcher().fetch(url))).kind).toBe('invalid_request')
    },
  )

  it('is told from the public one', () => {
    for (const address of [
      '1.1.1.1',
      '8.8.8.8',
      '172.32.0.1',
      '100.128.0.1',
      '223.255.255.255',
      '2606:4700::1111',
      '2a00::1',
    ]) {
      expect(isPublicAddress(address), address).toBe(true)
    }
    for (const address of [
      '224.0.0.1',
      '255.255.255.255',
      '198.19.0.1',
      '2002:7f00:1::',
      '2001:db8::1',
      '2001::1',
      '::',
      'x',
      '',
    ]) {
      expect(isPublicAddress(address), address).toBe(false)
    }
  })

  it('is refused when one of the addresses of a name is in it', async () => {
    const look = publicLookup((address) => address !== '127.0.0.1')
    const error = await new Promise((resolve) => look('127.0.0.1', { all: true }, resolve))
    expect(error).toMatchObject({ cause: { kind: 'invalid_request' } })
  })
})
