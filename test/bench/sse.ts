/**
 * Is the SSE plugin of Fastify cheap enough for our streams? One chunk a turn of the event loop, through `@fastify/sse` and
 * written to the socket; the server's own CPU, in microseconds a chunk, alternating rounds. `npm run bench:sse`
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import sse from '@fastify/sse'
import Fastify from 'fastify'

const CHUNKS = 2000
const ROUNDS = 7
const STREAMS = 10
const CHUNK = JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1_760_000_000,
  model: 'fast',
  choices: [{ index: 0, delta: { content: 'word ' }, logprobs: null, finish_reason: null }],
})

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function* chunks(): AsyncGenerator<string> {
  for (let i = 0; i < CHUNKS; i++) {
    await turn()
    yield CHUNK
  }
}

async function serve(): Promise<void> {
  const app = Fastify()
  await app.register(sse.default, { serializer: String })
  app.get('/plugin', { sse: 'only' }, async (_request, reply) => {
    for await (const data of chunks()) await reply.sse.send({ data })
    reply.sse.close()
  })
  app.get('/socket', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
    for await (const data of chunks()) {
      if (!reply.raw.write(`data: ${data}\n\n`)) await once(reply.raw, 'drain')
    }
    reply.raw.end()
    return reply
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  process.on('message', () => process.send?.(process.cpuUsage()))
  process.send?.(url)
}

async function measure(): Promise<void> {
  const server = fork(import.meta.filename, ['serve'])
  const [url] = (await once(server, 'message')) as [string]
  const cpu = async (): Promise<number> => {
    server.send('cpu')
    const [usage] = (await once(server, 'message')) as [NodeJS.CpuUsage]
    return usage.user + usage.system
  }
  const results: Record<string, number[]> = { socket: [], plugin: [] }
  for (let round = -1; round < ROUNDS; round++) {
    for (const way of Object.keys(results)) {
      const before = await cpu()
      const bodies = await Promise.all(
        Array.from({ length: STREAMS }, async () => (await fetch(`${url}/${way}`)).text()),
      )
      const after = await cpu()
      for (const body of bodies) if (body.split('\n\n').length - 1 < CHUNKS) throw new Error(`${way} lost chunks`)
      if (round >= 0) results[way]?.push((after - before) / CHUNKS / STREAMS)
    }
  }
  server.kill()
  const median = (values: number[]): number =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
  const [socket, plugin] = [median(results['socket'] ?? []), median(results['plugin'] ?? [])]
  console.log(
    `µs a chunk: socket ${socket.toFixed(1)}, @fastify/sse ${plugin.toFixed(1)} (${(plugin / socket).toFixed(2)}×)`,
  )
}

await (process.argv[2] === 'serve' ? serve() : measure())
