import { getEventListeners, once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/chat/error.ts'
import { createClient, type Client, type ClientOptions } from '../../../src/upstream/http/client.ts'
import { proxyOf } from '../../../src/upstream/http/connection-pools.ts'
import { readAll } from '../../../src/upstream/http/read-all.ts'
import type { UpstreamRequest } from '../../../src/upstream/types.ts'
import { chunk, HEAD, hostile, whole, type Hostile } from './hostile.ts'

const toClose: { close(): unknown }[] = []
afterEach(async () => {
  for (const one of toClose.splice(0).toReversed()) await one.close()
})

async function server(answer: (socket: Socket, head: string, nth: number) => void): Promise<Hostile> {
  const made = await hostile(answer)
  toClose.push(made)
  return made
}

function client(options?: ClientOptions): Client {
  const made = createClient(options)
  toClose.push({ close: () => made.destroy() })
  return made
}

const post = (url: string, body = '{}'): UpstreamRequest => ({
  method: 'POST',
  url: `${url}/v1/chat?a=b#c`,
  headers: { 'content-type': 'application/json' },
  body,
})

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function faultOf(promise: Promise<unknown>): Promise<GatewayError> {
  const error = await promise.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  )
  if (!(error instanceof GatewayError)) throw error
  return error
}

/** A socket is free for the next request one turn of the event loop after its answer. */
const nextTurn = promisify(setImmediate)

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  return (await readAll(body, 1e8)).toString()
}

describe('an answer', () => {
  it('comes with status, headers and body, and the request arrives as it was written', async () => {
    let seen = ''
    const { url } = await server((socket, head) => {
      seen = head
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n')
      socket.write(whole('hallo', 'X-One: 1\r\nset-cookie: a\r\nset-cookie: b\r\n').replace('200 OK', '418 Teapot'))
    })
    const answer = await client().send(post(url, '{"ü":1}'))
    expect(answer.status).toBe(418)
    expect(answer.headers).toMatchObject({ 'x-one': '1', 'set-cookie': 'a, b' })
    expect(await textOf(answer.body)).toBe('hallo')
    expect(seen).toMatch(/^POST \/v1\/chat\?a=b HTTP\/1.1\r\n/)
    expect(seen).toContain('content-length: 8')
    expect(Buffer.from(seen, 'latin1').toString()).toMatch(/\r\n\r\n{"ü":1}$/)
  })

  it('of one network read is one array, however many chunks the server made of it', async () => {
    const { url } = await server((socket) => void socket.write(HEAD + chunk('a') + chunk('b') + chunk('c') + chunk('')))
    const { body } = await client().send(post(url))
    const arrays: string[] = []
    for await (const bytes of body) arrays.push(Buffer.from(bytes).toString())
    expect(arrays).toEqual(['abc'])
  })

  it('comes read by read while the server still writes', async () => {
    let upstream: Socket | undefined
    const { url } = await server((socket) => {
      upstream = socket
      socket.write(HEAD + chunk('one'))
    })
    const { body } = await client().send(post(url))
    const iterator = body[Symbol.asyncIterator]()
    expect(Buffer.from((await iterator.next()).value ?? []).toString()).toBe('one')
    const second = iterator.next()
    upstream?.write(chunk('two'))
    expect(Buffer.from((await second).value ?? []).toString()).toBe('two')
    upstream?.write(chunk(''))
    expect((await iterator.next()).done).toBe(true)
  })

  it('trickling in byte by byte is whole', async () => {
    const bytes = HEAD + chunk('{"a":') + chunk('1}') + '0\r\n\r\n'
    const { url } = await server((socket) => {
      let at = 0
      const drip = (): void => {
        if (at < bytes.length) socket.write(bytes.slice(at, ++at), () => setImmediate(drip))
      }
      drip()
    })
    expect(await textOf((await client().send(post(url))).body)).toBe('{"a":1}')
  })

  it('that only the close of the connection ends is whole', async () => {
    const { url } = await server((socket) => socket.end('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nabc'))
    expect(await textOf((await client().send(post(url))).body)).toBe('abc')
  })

  it('leaves its socket to the next request', async () => {
    const made = await server((socket) => void socket.write(whole('x')))
    const { send } = client()
    for (let i = 0; i < 5; i++) {
      await textOf((await send(post(made.url))).body)
      await nextTurn()
    }
    expect(made.sockets.length).toBe(1)
  })

  it('of a slow reader slows the upstream down', async () => {
    const block = Buffer.alloc(64 * 1024)
    let written = 0
    let drained: () => void = () => {}
    const stuck = new Promise<void>((resolve) => (drained = resolve))
    const total = 1024 * block.length
    const { url } = await server((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
      const pump = (): void => {
        while (written < total) {
          written += block.length
          if (!socket.write(block)) {
            socket.once('drain', pump)
            return
          }
        }
      }
      pump()
      // The kernel's buffers are full when nothing drains between two looks.
      let before = -1
      const look = setInterval(() => {
        if (written === before) {
          clearInterval(look)
          drained()
        }
        before = written
      }, 40)
    })
    const { body } = await client().send(post(url))
    await stuck
    expect(written).toBeLessThan(total / 2)
    expect((await readAll(body, 1e9)).length).toBe(total)
  })

  it.each(['gzip', 'br', 'deflate', 'zstd', 'raw deflate'])('compressed by %s is read plain', async (name) => {
    const text = 'data: {"text":"äöü"}\n\n'.repeat(500)
    const compress = {
      gzip: zlib.gzip,
      br: zlib.brotliCompress,
      deflate: zlib.deflate,
      zstd: zlib.zstdCompress,
      'raw deflate': zlib.deflateRaw,
    }[name]
    const bytes = await promisify(compress as typeof zlib.gzip)(text)
    const encoding = name.replace('raw ', '')
    const { url } = await server((socket, _, nth) => {
      const cut = nth === 0 ? bytes.length : bytes.length - 9
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${cut}\r\n\r\n`)
      socket.write(bytes.subarray(0, cut))
    })
    const { send } = client()
    const answer = await send(post(url))
    expect(await textOf(answer.body)).toBe(text)
    expect(answer.headers['content-encoding']).toBeUndefined()
    expect((await faultOf(textOf((await send(post(url))).body))).kind).toBe('broken_stream')
  })

  it('compressed and streamed gives what was flushed, at once', async () => {
    const gzip = zlib.createGzip()
    const { url } = await server((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n')
      gzip.on('data', (bytes) => socket.write(bytes))
      gzip.write('data: 1\n\n')
      gzip.flush()
    })
    const iterator = (await client().send(post(url))).body[Symbol.asyncIterator]()
    expect(Buffer.from((await iterator.next()).value ?? []).toString()).toBe('data: 1\n\n')
    await iterator.return?.()
  })

  it('in an encoding that nobody knows is refused', async () => {
    const { url, closed } = await server(
      (socket) => void socket.write(whole('x', 'content-encoding: lzma\r\n') + 'more'),
    )
    const fault = await faultOf(client().send(post(url)))
    expect(fault.kind).toBe('bad_answer')
    expect(fault.message).toContain('lzma')
    await closed()
  })

  it('beyond the bound is refused and its connection closed', async () => {
    const { url, closed } = await server((socket) => void socket.write(HEAD + chunk('x'.repeat(1000))))
    const fault = await faultOf((async () => readAll((await client().send(post(url))).body, 999))())
    expect(fault.kind).toBe('bad_answer')
    await closed()
  })
})

describe('a redirect', () => {
  const redirect = (socket: Socket): void =>
    void socket.write('HTTP/1.1 302 Found\r\nlocation: http://other/x?key=secret\r\ncontent-length: 0\r\n\r\n')
  it('is not followed, and says where it led without its query', async () => {
    const { url } = await server(redirect)
    const fault = await faultOf(client().send(post(url)))
    expect(fault.kind).toBe('bad_answer')
    expect(fault.message).toContain('(302) to http://other/x;')
    expect(fault.message).not.toContain('secret')
  })
  it('is given out where that is asked for', async () => {
    const { url } = await server(redirect)
    const answer = await client({ redirects: 'give' }).send(post(url))
    expect(answer.status).toBe(302)
    expect(await textOf(answer.body)).toBe('')
  })
})

describe('a time limit', () => {
  it('connect: names the phase when the server takes no connection', async () => {
    // No answer comes from a lookup that never calls back.
    const { send } = client({ lookup: () => {} })
    const fault = await faultOf(send(post('http://nowhere.example'), { timeouts: { connect: 20 } }))
    expect(fault.kind).toBe('timeout')
    expect(fault.message).toBe('nowhere.example did not take the connection within 20 ms (timeout connect).')
  })
  it('first_byte: closes the connection when no head comes', async () => {
    const { url, closed } = await server(() => {})
    const fault = await faultOf(client().send(post(url), { timeouts: { first_byte: 20, idle: 5000 } }))
    expect(fault.message).toMatch(/did not begin to answer within 20 ms \(timeout first_byte\)/)
    await closed()
  })
  it('idle: gives what came, then closes the connection', async () => {
    const { url, closed } = await server((socket) => void socket.write(HEAD + chunk('one')))
    const { body } = await client().send(post(url), { timeouts: { idle: 20 } })
    let text = ''
    const fault = await faultOf(
      (async () => {
        for await (const bytes of body) text += Buffer.from(bytes).toString()
      })(),
    )
    expect(text).toBe('one')
    expect(fault.kind).toBe('timeout')
    expect(fault.message).toMatch(/20 ms \(timeout idle\)/)
    await closed()
  })
  it('idle: does not run while the reader is busy', async () => {
    const { url } = await server((socket) => void socket.write(HEAD + chunk('one') + chunk('two') + chunk('')))
    const { body } = await client().send(post(url), { timeouts: { idle: 15 } })
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(await textOf(body)).toBe('onetwo')
  })
  it('total: ends an answer that never ends', async () => {
    const { url, closed } = await server((socket) => {
      socket.write(HEAD)
      const drip = setInterval(() => socket.write(chunk('x')), 2)
      socket.on('close', () => clearInterval(drip))
    })
    const { body } = await client().send(post(url), { timeouts: { total: 40, idle: 1000 } })
    expect((await faultOf(textOf(body))).message).toMatch(/within 40 ms \(timeout total\)/)
    await closed()
  })
  it('of 0 is none', async () => {
    const { url } = await server((socket) => void setTimeout(() => socket.write(whole('x')), 20))
    const timeouts = { connect: 0, first_byte: 0, idle: 0, total: 0 }
    expect(await textOf((await client().send(post(url), { timeouts })).body)).toBe('x')
  })
})

describe('a cancelled request', () => {
  it('is not sent when the signal was aborted before', async () => {
    const made = await server(() => {})
    expect((await faultOf(client().send(post(made.url), { signal: AbortSignal.abort() }))).kind).toBe('cancelled')
    expect(made.sockets.length).toBe(0)
  })
  it('closes the connection before the head of the answer', async () => {
    const abort = new AbortController()
    const { url, closed } = await server(() => abort.abort())
    expect((await faultOf(client().send(post(url), { signal: abort.signal }))).kind).toBe('cancelled')
    await closed()
  })
  it('closes the connection in the middle of the body', async () => {
    const abort = new AbortController()
    const { url, closed } = await server((socket) => void socket.write(HEAD + chunk('one')))
    const { body } = await client().send(post(url), { signal: abort.signal })
    const iterator = body[Symbol.asyncIterator]()
    await iterator.next()
    const waiting = iterator.next()
    abort.abort()
    expect((await faultOf(waiting)).kind).toBe('cancelled')
    await closed()
  })
  it('closes the connection while a slow reader holds it paused', async () => {
    const abort = new AbortController()
    const { url, closed } = await server((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n`)
      socket.write(Buffer.alloc(10_000_000))
    })
    const { body } = await client().send(post(url), { signal: abort.signal })
    await body[Symbol.asyncIterator]().next()
    abort.abort()
    await closed()
    expect((await faultOf(textOf(body))).kind).toBe('cancelled')
  })
  it('never goes out when it was still waiting for its connection', async () => {
    const heads: string[] = []
    const made = await server((socket, head) => {
      heads.push(head)
      if (head.includes('first')) setTimeout(() => socket.write(whole('x')), 30)
      else socket.write(whole('x'))
    })
    const { send } = client({ connections: 1 })
    const first = send(post(made.url, 'first'))
    const abort = new AbortController()
    const second = send(post(made.url, 'second'), { signal: abort.signal })
    const third = send(post(made.url, 'third'))
    abort.abort()
    expect((await faultOf(second)).kind).toBe('cancelled')
    await textOf((await first).body)
    expect(await textOf((await third).body)).toBe('x')
    expect(heads.join()).not.toContain('second')
  })
  it('carries the reason of the one who cancelled it', async () => {
    const abort = new AbortController()
    const { url } = await server(() => abort.abort(new GatewayError('shutting_down', 'bye')))
    expect((await faultOf(client().send(post(url), { signal: abort.signal }))).kind).toBe('shutting_down')
  })
  it('is one whose reader leaves the loop', async () => {
    const { url, closed } = await server((socket) => void socket.write(HEAD + chunk('one')))
    for await (const bytes of (await client().send(post(url))).body) {
      expect(bytes.length).toBe(3)
      break
    }
    await closed()
  })
})

describe('an upstream that cannot be reached', () => {
  it('refuses: connection, with the code and the cause', async () => {
    const made = await server(() => {})
    await made.close()
    toClose.length = 0
    const fault = await faultOf(client().send(post(made.url)))
    expect(fault.kind).toBe('connection')
    expect(fault.message).toContain('refused the connection (ECONNREFUSED)')
    expect(fault.cause).toBeInstanceOf(Error)
  })
  it('has no name: connection', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' })
    const { send } = client({ lookup: (_, __, callback) => callback(error, '') })
    const fault = await faultOf(send(post('https://nowhere.example')))
    expect(fault.message).toBe('Cannot reach nowhere.example: its name is not known (ENOTFOUND).')
  })
  it('speaks no TLS: connection', async () => {
    const http = createServer()
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    toClose.push(http)
    const fault = await faultOf(client().send(post(`https://127.0.0.1:${portOf(http)}`)))
    expect(fault.kind).toBe('connection')
    expect(fault.cause).toBeInstanceOf(Error)
  })
  it('resets before the head: connection', async () => {
    const { url } = await server((socket) => void socket.resetAndDestroy())
    expect((await faultOf(client().send(post(url)))).kind).toBe('connection')
  })
  it('closes before the head: connection', async () => {
    const { url } = await server((socket) => socket.end())
    expect((await faultOf(client().send(post(url)))).kind).toBe('connection')
  })
  it('closed an idle socket just as the request went out: the request is sent again, once', async () => {
    const made = await server((socket, _, nth) => {
      if (nth === 1 || nth > 2) socket.end()
      else socket.write(whole(`answer ${nth}`))
    })
    const { send } = client()
    expect(await textOf((await send(post(made.url))).body)).toBe('answer 0')
    await nextTurn()
    expect(await textOf((await send(post(made.url))).body)).toBe('answer 2')
    await nextTurn()
    expect((await faultOf(send(post(made.url)))).kind).toBe('connection')
    expect(made.sockets.length).toBe(3)
  })
  it('reset all its idle sockets just as the request went out: the request goes on a connection of its own', async () => {
    const made = await server((socket, _, nth) => {
      // both are open at once, and neither takes a second request
      if (nth < 2) return nth === 1 && made.sockets.forEach((each, i) => each.write(whole(`answer ${i}`)))
      if (made.sockets.indexOf(socket) < 2) socket.resetAndDestroy()
      else socket.write(whole('again'))
    })
    const { send } = client()
    const both = await Promise.all([send(post(made.url)), send(post(made.url))])
    await Promise.all(both.map(({ body }) => textOf(body)))
    await nextTurn()
    expect(await textOf((await send(post(made.url))).body)).toBe('again')
  })
  it('is given by something that is not an http(s) URL: internal, and nothing is sent', async () => {
    expect((await faultOf(client().send(post('ftp://x')))).kind).toBe('internal')
    expect((await faultOf(client().send(post('nonsense')))).kind).toBe('internal')
  })
  it('has a header that cannot be written: internal', async () => {
    const { url } = await server((socket) => void socket.write(whole('x')))
    const request = { ...post(url), headers: { authorization: 'Bearer a\nb' } }
    expect((await faultOf(client().send(request))).kind).toBe('internal')
  })
})

describe('an answer that breaks off', () => {
  const CASES: [string, string, 'end' | 'reset'][] = [
    ['shorter than its content-length', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', 'end'],
    [
      'shorter than its content-length, connection: close',
      'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 10\r\n\r\nabc',
      'end',
    ],
    ['in the middle of its chunks', HEAD + chunk('abc'), 'end'],
    [
      'in the middle of its chunks, connection: close',
      HEAD.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n') + chunk('abc'),
      'end',
    ],
    ['in the middle of a chunk', `${HEAD}5\r\nabc`, 'end'],
    ['by a reset', HEAD + chunk('abc'), 'reset'],
    ['by a chunk size that is none', `${HEAD + chunk('abc')}zz\r\n`, 'end'],
  ]
  it.each(CASES)('%s: what came, then broken_stream', async (_, bytes, how) => {
    const { url } = await server((socket) => {
      socket.write(bytes, () => {
        if (how === 'end') socket.end()
        else setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
    const { body } = await client().send(post(url))
    let text = ''
    const fault = await faultOf(
      (async () => {
        for await (const part of body) text += Buffer.from(part).toString()
      })(),
    )
    expect(fault.kind).toBe('broken_stream')
    expect(text).toBe('abc')
  })
})

describe('an answer that is no HTTP', () => {
  it.each([
    ['nonsense', 'hello there\r\n\r\n'],
    ['headers without end', `HTTP/1.1 200 OK\r\n${`x-a: ${'y'.repeat(1000)}\r\n`.repeat(100)}`],
  ])('%s: bad_answer', async (_, bytes) => {
    const { url, closed } = await server((socket) => void socket.write(bytes))
    expect((await faultOf(client().send(post(url)))).kind).toBe('bad_answer')
    await closed()
  })
  it('takes large headers that are still sane', async () => {
    const { url } = await server((socket) => void socket.write(whole('x', `x-a: ${'y'.repeat(1000)}\r\n`.repeat(50))))
    expect(await textOf((await client().send(post(url))).body)).toBe('x')
  })
})

describe('close', () => {
  it('lets running answers end and takes no new requests', async () => {
    let upstream: Socket | undefined
    const { url, closed } = await server((socket) => {
      upstream = socket
      socket.write(HEAD + chunk('one'))
    })
    const made = createClient()
    const { body } = await made.send(post(url))
    const closing = made.close()
    expect((await faultOf(made.send(post(url)))).kind).toBe('shutting_down')
    upstream?.write(chunk('two') + chunk(''))
    expect(await textOf(body)).toBe('onetwo')
    await closing
    await closed()
  })
  it('by force breaks running answers off', async () => {
    const { url, closed } = await server((socket) => void socket.write(HEAD + chunk('one')))
    const made = createClient()
    const { body } = await made.send(post(url))
    const iterator = body[Symbol.asyncIterator]()
    await iterator.next()
    const next = iterator.next()
    await made.destroy()
    expect((await faultOf(next)).kind).toBe('shutting_down')
    await closed()
  })
})

describe('a request that is over', () => {
  it('leaves nothing behind on the signal, however it ended', async () => {
    const { url } = await server((socket, head) => {
      if (head.includes('whole')) socket.write(whole('x'))
      else if (head.includes('cut')) socket.end(HEAD + chunk('x'))
      else socket.end()
    })
    const { signal } = new AbortController()
    const { send } = client()
    const timeouts = { connect: 60_000, first_byte: 60_000, idle: 60_000, total: 60_000 }
    await textOf((await send(post(url, 'whole'), { signal, timeouts })).body)
    await faultOf(textOf((await send(post(url, 'cut'), { signal, timeouts })).body))
    await faultOf(send(post(url, 'gone'), { signal, timeouts }))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })
})

describe('the pools', () => {
  it('hold the sockets of so many origins only', async () => {
    const servers = await Promise.all([0, 1, 2].map(async () => server((socket) => void socket.write(whole('x')))))
    const { send } = client({ origins: 2 })
    for (const { url } of servers) await textOf((await send(post(url))).body)
    await servers[0]?.closed()
    await nextTurn()
    await textOf((await send(post(servers[2]?.url ?? ''))).body)
    expect(servers[2]?.sockets.length).toBe(1)
  })
})

describe('a proxy', () => {
  it('is named by the environment', () => {
    const environment = {
      http_proxy: 'http://a',
      HTTP_PROXY: 'http://b',
      HTTPS_PROXY: 'http://c',
      NO_PROXY: 'x',
      no_proxy: '',
    }
    expect(proxyOf(environment)).toEqual({ http: 'http://a', https: 'http://c', none: 'x' })
    expect(proxyOf({ ALL_PROXY: 'http://d', https_proxy: 'http://e' })).toEqual({ http: 'http://d', https: 'http://e' })
    expect(proxyOf({})).toEqual({})
  })

  it('takes the connection, except to the hosts that it is not for', async () => {
    const target = await server((socket) => void socket.write(whole('x')))
    const asked: string[] = []
    const proxy: Server = createServer()
    proxy.on('connect', (request, socket: Socket) => {
      asked.push(request.url ?? '')
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      socket.once('data', () => socket.write(whole('by proxy')))
    })
    proxy.listen(0, '127.0.0.1')
    await once(proxy, 'listening')
    toClose.push({ close: () => (proxy.closeAllConnections(), proxy.close()) })
    const http = `http://127.0.0.1:${portOf(proxy)}`
    const through = client({ proxy: { http, none: '127.0.0.1' } })
    expect(await textOf((await through.send(post('http://api.example:8080'))).body)).toBe('by proxy')
    expect(asked).toEqual(['api.example:8080'])
    expect(await textOf((await through.send(post(target.url))).body)).toBe('x')
  })
})
