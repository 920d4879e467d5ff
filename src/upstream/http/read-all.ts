import { GatewayError } from '../../chat/error.ts'

/** The whole body. More than `maxBytes` is a GatewayError `bad_answer`, and the connection is closed. */
export async function readAll(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const bytes of body) {
    size += bytes.length
    if (size > maxBytes) {
      throw new GatewayError(
        'bad_answer',
        `The upstream's answer has more than ${maxBytes} bytes; it was not read further.`,
      )
    }
    parts.push(bytes)
  }
  return Buffer.concat(parts, size)
}
