/** A body read whole, with a bound, or read to its end so that the connection can be used again. */
import { GatewayError } from '../chat/error.ts'

/** @param most bytes */
export async function readText(body: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const bytes of body) {
    size += bytes.length
    if (size > most) throw new GatewayError('bad_answer', `the upstream's answer is larger than ${most} bytes`)
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** What follows a stream's own end is a few bytes, if anything; a server that sends more loses the connection. */
const MOST_READS = 8

export function drain(reads: AsyncIterator<Uint8Array>): void {
  const rest = async (): Promise<void> => {
    for (let i = 0; i < MOST_READS; i++) if ((await reads.next()).done) return
    await reads.return?.()
  }
  // nobody waits for this answer any more: how it ends is of no interest
  rest().catch(() => {})
}

/** The value that a text writes in JSON; undefined for what is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
