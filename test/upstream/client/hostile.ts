/** A server on a real socket that says exactly the bytes a test wants, and tells what the client did. */
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'

export interface Hostile {
  url: string
  /** Sockets in the order in which they came. */
  sockets: Socket[]
  /** Resolves when the socket with this index is closed. */
  closed(index?: number): Promise<void>
  close(): Promise<void>
}

/** `answer` is called once for each request, when its head has come, with what was read and the request's number. */
export async function hostile(answer: (socket: Socket, head: string, nth: number) => void): Promise<Hostile> {
  const sockets: Socket[] = []
  const ends: Promise<unknown>[] = []
  let requests = 0
  const server = createServer((socket) => {
    sockets.push(socket)
    ends.push(new Promise((resolve) => void socket.once('close', resolve)))
    socket.on('error', () => {})
    let read = ''
    socket.on('data', (bytes) => {
      read += bytes.toString('latin1')
      const head = read.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/content-length: (\d+)/i.exec(read)?.[1] ?? 0)
      if (read.length < head + 4 + length) return
      const whole = read
      read = ''
      answer(socket, whole, requests++)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    url: `http://127.0.0.1:${port}`,
    sockets,
    async closed(index = 0) {
      await ends[index]
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

export const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`

export const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n'

export function whole(body: string, headers = ''): string {
  return `HTTP/1.1 200 OK\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}
