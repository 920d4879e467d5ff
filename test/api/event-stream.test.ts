import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { EVENTS } from '../../src/api/inbound/inbound-api.ts'
import { createEventStream, type EventStream } from '../../src/api/http/sse.ts'
import { atEndOfTurn } from '../../src/runtime/end-of-turn.ts'

/** A server that streams, and a client that has asked it and reads once it is resumed. */
async function begin(serve: (stream: EventStream) => void): Promise<{ socket: ReturnType<typeof connect> }> {
  const server = createServer((_request, response) =>
    serve(createEventStream(response, { heartbeat: 0, clientIdle: 0, style: EVENTS })),
  ).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  socket.once('close', () => server.close())
  return { socket }
}

async function read(socket: ReturnType<typeof connect>): Promise<string> {
  let text = ''
  socket.on('data', (bytes: Buffer) => (text += bytes.toString())).resume()
  await once(socket, 'close')
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

it('events of one turn go out as one chunk, before those of the next', async () => {
  const { socket } = await begin((stream) => {
    stream.write('data: 1\n\n')
    stream.write('data: 2\n\n')
    setImmediate(() => {
      stream.write('data: 3\n\n')
      stream.end('data: 4\n\n')
    })
  })
  expect(await read(socket)).toBe('12\r\ndata: 1\n\ndata: 2\n\n\r\n12\r\ndata: 3\n\ndata: 4\n\n\r\n0\r\n\r\n')
})

it('who brings much in one turn is told to wait for a client that does not read', async () => {
  const event = `data: ${'x'.repeat(10_000)}\n\n`
  let count = 0
  const { socket } = await begin((stream) => {
    let full: Promise<void> | undefined
    while (full === undefined && count < 10_000) {
      full = stream.write(event)
      count++
    }
    void (full ?? Promise.resolve()).then(() => stream.end(''))
  })
  const text = await read(socket)
  expect(count).toBeLessThan(10_000)
  expect(text.split('data: ').length - 1).toBe(count)
})

it('what is put off to the end of a turn is done once, in order, and what that puts off in the next', async () => {
  const done: string[] = []
  atEndOfTurn(() => {
    done.push('a')
    atEndOfTurn(() => done.push('c'))
  })
  atEndOfTurn(() => done.push('b'))
  expect(done).toEqual([])
  await new Promise(setImmediate)
  expect(done).toEqual(['a', 'b'])
  await new Promise(setImmediate)
  expect(done).toEqual(['a', 'b', 'c'])
})
