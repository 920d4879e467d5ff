/** A body read whole, with a bound, or read to its end so that the connection can be used again. */
import { GatewayError } from '../../chat/error.ts'
import { pipeInto, type Sink } from '../../runtime/push-source.ts'
import { asBuffer } from '../response/framing/whole-lines.ts'

/** @param most bytes */
export function readText(body: AsyncIterable<Uint8Array>, most: number): Promise<string> {
  return new Promise((resolve, reject) => pipeInto(body, new TextSink(most, resolve, reject)))
}

class TextSink implements Sink<Uint8Array> {
  readonly fail: (cause: unknown) => void
  private readonly most: number
  private readonly resolve: (text: string) => void
  /** What was read: nearly always one piece, and then no list is made. */
  private only: Uint8Array | undefined
  private chunks: Uint8Array[] | undefined
  private size = 0

  constructor(most: number, resolve: (text: string) => void, reject: (cause: unknown) => void) {
    this.most = most
    this.resolve = resolve
    this.fail = reject
  }

  take(bytes: Uint8Array): undefined {
    this.size += bytes.length
    if (this.size > this.most)
      throw new GatewayError('bad_answer', `the upstream's answer is larger than ${this.most} bytes`)
    if (this.only === undefined) this.only = bytes
    else (this.chunks ??= [this.only]).push(bytes)
  }

  end(): void {
    const { only, chunks, size } = this
    this.resolve(chunks ? Buffer.concat(chunks, size).toString('utf8') : only ? asBuffer(only).toString('utf8') : '')
  }
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
