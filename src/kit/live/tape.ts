/** Keeps what goes through a client: the request that counts, and the bytes of its answer. */
import type { Client, ClientAnswer, UpstreamRequest } from '../../upstream/contract.ts'

export interface Taken {
  request: UpstreamRequest
  status: number
  headers: Record<string, string>
  bytes: Buffer
}

/** Keeps the last request and its answer: those before it trade keys for tokens, or create what is then read. */
export function recording(client: Client): { client: Client; taken(): Taken | undefined } {
  let last: { request: UpstreamRequest; answer: ClientAnswer; pieces: Uint8Array[] } | undefined
  return {
    client: {
      async send(request, options) {
        const answer = await client.send(request, options)
        const pieces: Uint8Array[] = []
        last = { request, answer, pieces }
        return { ...answer, body: kept(answer.body, pieces) }
      },
      close: () => client.close(),
    },
    taken() {
      if (!last) return undefined
      const { request, answer, pieces } = last
      return { request, status: answer.status, headers: answer.headers, bytes: Buffer.concat(pieces) }
    },
  }
}

async function* kept(body: AsyncIterable<Uint8Array>, pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    pieces.push(Uint8Array.from(piece))
    yield piece
  }
}
