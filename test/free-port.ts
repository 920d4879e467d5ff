import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below those that the system gives to servers which ask for any (from 32768 on Linux, 49152 elsewhere): until ours listens there, no
 * other test's server is given it. Each process begins at another one.
 */
const FIRST = 20_000
const COUNT = 12_000
let next = (process.pid * 101) % COUNT

/** A port of 127.0.0.1 where nobody listens, for a program that must be told one. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + next
    next = (next + 1) % COUNT
    const probe = createServer()
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!isFree) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}
