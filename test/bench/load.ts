/** Clients that cost little: raw sockets, one request at a time on each, answers counted and not read. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { NUMBER } from './bodies.ts'

export interface Target {
  port: number
  path: string
  body: Buffer
  /** Beside those that every client sends. */
  headers?: Record<string, string>
}

export interface LoadResult {
  /** Milliseconds. */
  elapsed: number
  failed: number
}

/** Sends `total` requests over `connections` sockets and resolves when all are answered. */
export async function load(target: Target, total: number, connections: number): Promise<LoadResult> {
  const request = requestsOf(target)
  const begun = performance.now()
  let left = total
  let failed = 0
  const client = async (): Promise<void> => {
    const socket = await open(target.port)
    while (left > 0) {
      left--
      if (!(await exchange(socket, request()))) failed++
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: Math.min(total, connections) }, client))
  return { elapsed: performance.now() - begun, failed }
}

/** Opens streams and leaves them open, each past its first bytes. The caller destroys the sockets. */
export async function openStreams(target: Target, count: number): Promise<Socket[]> {
  const request = requestsOf(target)
  const sockets: Socket[] = []
  let left = count
  const one = async (): Promise<void> => {
    while (left-- > 0) {
      const socket = await open(target.port)
      sockets.push(socket)
      await new Promise<void>((resolve, reject) => {
        socket.once('data', (bytes: Buffer) => {
          if (bytes.toString('latin1', 9, 12) === '200') resolve()
          else reject(new Error(`a stream was refused: ${bytes.toString('latin1', 0, 400)}`))
        })
        socket.write(request())
      })
    }
  }
  await Promise.all(Array.from({ length: 20 }, one))
  for (const socket of sockets) socket.on('error', () => undefined).resume()
  return sockets
}

/** Of all requests: none comes again in another round. */
let count = 0

/** Each request's bytes: the same, or with another number where the body has the place for one. */
export function requestsOf(target: Target): () => Buffer {
  const bytes = requestBytes(target)
  const at = bytes.indexOf(NUMBER)
  if (at < 0) return () => bytes
  return () => {
    const numbered = Buffer.from(bytes)
    numbered.write(String(++count).padStart(NUMBER.length, '0'), at, 'latin1')
    return numbered
  }
}

const requestBytes = ({ port, path, body, headers = {} }: Target): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nauthorization: Bearer bench\r\n` +
        `${Object.entries(headers)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}content-length: ${body.length}\r\n\r\n`,
    ),
    body,
  ])

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
}

const LAST_CHUNK = '0\r\n\r\n'

/** Resolves with whether the answer was a whole 200. */
export function exchange(socket: Socket, request: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    let ok = false
    /** Bytes of the answer that are still to come; -1 where the last chunk ends it, null before the head. */
    let left: number | null = null
    let tail = ''
    const done = (whole: boolean): void => {
      socket.off('data', read).off('close', broken)
      resolve(whole)
    }
    const broken = (): void => done(false)
    const read = (bytes: Buffer): void => {
      let from = 0
      if (left === null) {
        // The head comes in one piece: it is small, and written at once.
        from = bytes.indexOf('\r\n\r\n') + 4
        const head = bytes.toString('latin1', 0, from)
        ok = head.startsWith('HTTP/1.1 200')
        const length = /^content-length: *(\d+)/im.exec(head)?.[1]
        left = length === undefined ? -1 : Number(length)
      }
      if (left >= 0) {
        left -= bytes.length - from
        if (left <= 0) done(ok)
        return
      }
      tail = (tail + bytes.toString('latin1', Math.max(from, bytes.length - LAST_CHUNK.length))).slice(
        -LAST_CHUNK.length,
      )
      if (tail === LAST_CHUNK) done(ok)
    }
    socket.on('data', read).on('close', broken)
    socket.write(request)
  })
}
