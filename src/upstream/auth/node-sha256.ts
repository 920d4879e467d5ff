import { createHash, createHmac } from 'node:crypto'

type Data = string | ArrayBuffer | ArrayBufferView

/** SHA-256, or its HMAC when there is a secret, in the shape that the signing library asks for; native, not in JavaScript. */
export class NodeSha256 {
  private secret: Data | undefined
  private parts: (string | Uint8Array)[] = []

  constructor(secret?: Data) {
    this.secret = secret
  }

  update(data: Data): void {
    this.parts.push(bytesOf(data))
  }

  digest(): Promise<Uint8Array> {
    const hash = this.secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.secret))
    for (const bytes of this.parts) hash.update(bytes)
    return Promise.resolve(new Uint8Array(hash.digest()))
  }

  reset(): void {
    this.parts = []
  }
}

function bytesOf(data: Data): string | Uint8Array {
  if (typeof data === 'string') return data
  return data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
