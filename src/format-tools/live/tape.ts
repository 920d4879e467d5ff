/** Keeps what goes through a client: the request that counts, and the bytes of its answer. */
import type { Client, ClientAnswer, UpstreamRequest } from '../../upstream/types.ts'

export interface Taken {
  request: UpstreamRequest
  status: number
  headers: Record<string, string>
  bytes: Buffer
}

interface Sent {
  request: UpstreamRequest
  answer: ClientAnswer
  pieces: Uint8Array[]
}

/**
 * The answer is the last one: those before it give a token, or only say where the real answer is. The request is the
 * last with a body that goes to the provider itself.
 */
export function recording(client: Client, base_url: string): { client: Client; taken(): Taken | undefined } {
  const sent: Sent[] = []
  return {
    client: {
      async send(request, options) {
        const answer = await client.send(request, options)
        const pieces: Uint8Array[] = []
        sent.push({ request, answer, pieces })
        return { ...answer, body: kept(answer.body, pieces) }
      },
      close: () => client.close(),
    },
    taken() {
      const last = sent.at(-1)
      const asked = sent.findLast(({ request }) => request.url.startsWith(base_url) && request.method !== 'GET') ?? last
      if (!last || !asked) return undefined
      const { status, headers } = last.answer
      return { request: asked.request, status, headers, bytes: Buffer.concat(last.pieces) }
    },
  }
}

async function* kept(body: AsyncIterable<Uint8Array>, pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    pieces.push(Uint8Array.from(piece))
    yield piece
  }
}
