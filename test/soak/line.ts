/** The way from a replica to the shared state, which can be cut and led elsewhere: a socket between them. */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface Line {
  port: number
  /** From now on nothing comes through, and nobody is told so. */
  cut(): void
  /** What was held up goes on. */
  mend(): void
  /** All that is open ends, as an address ends that moves to another machine. */
  lead(port: number): void
  /** What is open hears nothing more, as when a machine is gone; who connects anew is led elsewhere. */
  leave(port: number): void
  close(): Promise<void>
}

export async function startLine(to: number): Promise<Line> {
  let isCut = false
  const pairs = new Set<readonly [Socket, Socket]>()
  const end = (): void => {
    for (const pair of pairs) for (const each of pair) each.destroy()
  }
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1')
    const pair = [near, far] as const
    pairs.add(pair)
    const one = (from: Socket, other: Socket): void => {
      from.setNoDelay(true)
      from.on('data', (bytes) => void other.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        other.destroy()
        pairs.delete(pair)
      })
      if (isCut) from.pause()
    }
    one(near, far)
    one(far, near)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true
      for (const pair of pairs) for (const each of pair) each.pause()
    },
    mend() {
      isCut = false
      for (const pair of pairs) for (const each of pair) each.resume()
    },
    lead(port) {
      to = port
      end()
    },
    leave(port) {
      to = port
      for (const pair of pairs) for (const each of pair) each.pause()
    },
    async close() {
      end()
      server.close()
      await once(server, 'close')
    },
  }
}
