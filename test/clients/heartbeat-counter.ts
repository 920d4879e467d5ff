/** Stands between a client and the server, hands on every byte, and counts the heartbeats in what the server says. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'

export interface HeartbeatCounter {
  url: string
  heartbeats(): number
  close(): void
}

export async function startHeartbeatCounter(origin: string): Promise<HeartbeatCounter> {
  const { hostname, port } = new URL(origin)
  let count = 0
  const server = createServer((client) => {
    const onward = connect(Number(port), hostname)
    onward.on('data', (piece: Buffer) => (count += piece.toString('latin1').match(/^:/gm)?.length ?? 0))
    client.pipe(onward).pipe(client)
    client.on('error', () => onward.destroy())
    onward.on('error', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, heartbeats: () => count, close: () => void server.close() }
}
