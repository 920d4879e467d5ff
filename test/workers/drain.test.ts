/** A worker that leaves: the connections that clients have open to it, used or not. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { drain } from '../../src/workers/drain.ts'

let server: Server
let clients: Socket[]
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  clients = []
  server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1')
  server.keepAliveTimeout = 72_000
  await once(server, 'listening')
})
afterEach(() => {
  vi.useRealTimers()
  for (const each of clients) each.destroy()
  server.closeAllConnections()
  server.close()
})

async function client(): Promise<Socket> {
  const taken = once(server, 'connection')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  clients.push(socket)
  await taken
  return socket
}

/** @returns the head and the body of the answer */
async function ask(socket: Socket): Promise<string> {
  socket.write('GET / HTTP/1.1\r\nhost: here\r\n\r\n')
  let told = ''
  while (!told.endsWith('ok')) told += String((await once(socket, 'data'))[0])
  return told
}

test('a connection that a client was told to keep takes one more request however late, and is then told to be closed', async () => {
  const socket = await client()
  expect(await ask(socket)).toMatch(/keep-alive: timeout=72/i)
  const { done } = drain(server)
  vi.advanceTimersByTime(60_000)
  expect(await ask(socket)).toMatch(/connection: close/i)
  await done
})

test('one whose first request is on its way is answered', async () => {
  const socket = await client()
  const { done } = drain(server)
  expect(await ask(socket)).toMatch(/connection: close/i)
  await done
})

test('where the next ones leave as well, those that nobody uses are closed', async () => {
  const socket = await client()
  await ask(socket)
  const closed = once(socket, 'close')
  const { done, hurry } = drain(server)
  hurry()
  await Promise.all([done, closed])
})
