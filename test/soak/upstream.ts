/**
 * The soak's upstream: streams of numbered pieces, one a beat, for all streams on one timer. Of each hundred requests FAULTS
 * fail, each in another way. A request that ends in an answer of its own goes on behind its last number.
 */
import { createServer, type ServerResponse } from 'node:http'

const PIECES = Number(process.env['PIECES'])
const BEAT = Number(process.env['BEAT'])
const FAULTS = Number(process.env['FAULTS'])

interface Stream {
  response: ServerResponse
  next: number
  /** Where it breaks, if it does. */
  breaks: number
}

const streams = new Set<Stream>()
const counts = { requests: 0, faults: 0, left: 0 }

const head = { id: 'chatcmpl-s', object: 'chat.completion.chunk', created: 1_760_000_000, model: 'm' }
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`
const ROLE = chunk({ role: 'assistant', content: '' })
const END =
  `${chunk({}, 'stop')}data: ${JSON.stringify({ ...head, choices: [], usage: { prompt_tokens: 9, completion_tokens: PIECES, total_tokens: 9 + PIECES } })}\n\n` +
  'data: [DONE]\n\n'

/** Faults before the first piece, and one in the middle. */
const EARLY: ((response: ServerResponse) => void)[] = [
  (response) => void response.writeHead(500).end('{"error":{"message":"broken"}}'),
  (response) => void response.writeHead(529).end('{"error":{"message":"busy"}}'),
  (response) => void response.socket?.resetAndDestroy(),
  (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in</p>'),
  (response) => void response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: [DONE]\n\n'),
]

const server = createServer((request, response) => {
  const bits: Buffer[] = []
  request.on('data', (bit: Buffer) => bits.push(bit))
  request.on('error', () => {})
  response.on('error', () => {})
  request.on('end', () => {
    counts.requests++
    const { messages } = JSON.parse(Buffer.concat(bits).toString()) as { messages: { role: string; content: string }[] }
    const last = messages.at(-1)
    const told = last?.role === 'assistant' ? last.content.trim().split('#').length - 1 : 0
    const fails = Math.random() * 100 < FAULTS
    if (fails) counts.faults++
    const early = fails && Math.random() < 0.5 ? EARLY[Math.floor(Math.random() * EARLY.length)] : undefined
    if (early) return early(response)
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(ROLE)
    const breaks = fails ? told + 1 + Math.floor(Math.random() * (PIECES - told - 1)) : Infinity
    const stream: Stream = { response, next: told, breaks }
    streams.add(stream)
    response.on('close', () => {
      if (streams.delete(stream)) counts.left++
    })
  })
})

/** Streams are spread over the beat, so that the load is even. */
const SLICES = 20
let slice = 0
setInterval(() => {
  slice = (slice + 1) % SLICES
  let i = 0
  for (const stream of streams) if (i++ % SLICES === slice) tick(stream)
}, BEAT / SLICES)

function tick(stream: Stream): void {
  const { response } = stream
  if (stream.next >= stream.breaks) {
    streams.delete(stream)
    response.socket?.resetAndDestroy()
  } else if (stream.next >= PIECES) {
    streams.delete(stream)
    response.end(END)
  } else response.write(chunk({ content: `#${stream.next++} ` }))
}

server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('message', () => process.send?.(counts))
