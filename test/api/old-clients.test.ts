import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { EVENTS } from '../../src/api/inbound/inbound-api.ts'
import { createEventStream } from '../../src/api/http/sse.ts'

/** All that a server which streams two events says to one raw request. */
async function said(version: string): Promise<string> {
  const server = createServer((_request, response) => {
    const stream = createEventStream(response, { heartbeat: 0, clientIdle: 0, style: EVENTS })
    stream.write('data: é\n\n')
    setImmediate(() => stream.end('data: [DONE]\n\n'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write(`GET / HTTP/${version}\r\nhost: x\r\nconnection: close\r\n\r\n`)
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString()))
  await once(socket, 'close')
  server.close()
  return text
}

it('a client of HTTP/1.0 gets the events alone, one of 1.1 gets them in chunks', async () => {
  const [old, now] = [await said('1.0'), await said('1.1')]
  expect(old).not.toMatch(/transfer-encoding/i)
  expect(old.split('\r\n\r\n')[1]).toBe('data: é\n\ndata: [DONE]\n\n')
  expect(now).toMatch(/transfer-encoding: chunked/i)
  expect(now.slice(now.indexOf('\r\n\r\n') + 4)).toBe('a\r\ndata: é\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n')
})
