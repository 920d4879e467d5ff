/** A body read whole, with a bound, or read to its end so that the connection can be used again. */
import { GatewayError } from '../chat/error.ts'
import { pour } from '../chat/flow.ts'
import { asBuffer } from './framing/whole-lines.ts'

/** @param most bytes */
export async function readText(body: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  await pour(body, (bytes) => {
    size += bytes.length
    if (size > most) throw new GatewayError('bad_answer', `the upstream's answer is larger than ${most} bytes`)
    chunks.push(bytes)
    return undefined
  })
  const whole = chunks.length === 1 && chunks[0] !== undefined ? asBuffer(chunks[0]) : Buffer.concat(chunks, size)
  return whole.toString('utf8')
}

/** Reads on to the end, so that the connection can be used again; a body that goes on for longer loses it. */
export function drain(reads: AsyncIterator<Uint8Array>, most: number): void {
  const rest = async (): Promise<void> => {
    for (let i = 0; i < most; i++) if ((await reads.next()).done) return
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
