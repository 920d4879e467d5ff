/** An OpenAI-like upstream on real sockets that breaks where it is told to, and counts what it saw. */
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export interface VendorCall {
  response: ServerResponse
  socket: Socket
  stream: boolean
  body: { stream?: boolean; messages?: { role: string; content: unknown }[]; [field: string]: unknown }
  path: string
  headers: IncomingHttpHeaders
  /** 1 for the first. */
  number: number
  /** The key that it was asked with. */
  key: string
}

export interface Vendor {
  url: string
  calls: VendorCall[]
  /** Sockets that are open now. */
  open(): number
  close(): Promise<void>
}

export type Act = (call: VendorCall) => void

export async function startVendor(act: Act): Promise<Vendor> {
  const calls: VendorCall[] = []
  const sockets = new Set<Socket>()
  const server: Server = createServer((request, response) => {
    const bits: Buffer[] = []
    request.on('data', (bit: Buffer) => bits.push(bit))
    request.on('error', () => {})
    response.on('error', () => {})
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(bits).toString()) as VendorCall['body']
      const call: VendorCall = {
        response,
        socket: request.socket,
        stream: body.stream === true,
        body,
        path: request.url ?? '',
        headers: request.headers,
        number: calls.length + 1,
        key: (request.headers.authorization ?? '').slice(7),
      }
      calls.push(call)
      act(call)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    open: () => sockets.size,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export const WORDS = ['All ', 'is ', 'well.']
export const TEXT = WORDS.join('')
export const ARGUMENTS = ['{"city":', '"Os', 'lo"}']
const HEAD = { id: 'chatcmpl-1', object: 'chat.completion', created: 1_760_000_000, model: 'm' }
const USAGE = { prompt_tokens: 5, completion_tokens: 3, total_tokens: 8 }

/** What an answer is about: plain words, or a tool call. */
export type Topic = 'text' | 'tool'

export function wholeBody(topic: Topic): string {
  const message =
    topic === 'text'
      ? { role: 'assistant', content: TEXT, refusal: null }
      : {
          role: 'assistant',
          content: null,
          refusal: null,
          tool_calls: [
            { id: 'call_1', type: 'function', function: { name: 'weather', arguments: ARGUMENTS.join('') } },
          ],
        }
  const choice = { index: 0, message, logprobs: null, finish_reason: topic === 'text' ? 'stop' : 'tool_calls' }
  return JSON.stringify({ ...HEAD, choices: [choice], usage: USAGE })
}

export function chunk(delta: Record<string, unknown>, finish: string | null = null): string {
  return `data: ${JSON.stringify({
    ...HEAD,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  })}\n\n`
}

export const ROLE = chunk({ role: 'assistant', content: '' })

/** The first piece of content: what commits an answer. */
export function firstPiece(topic: Topic): string {
  if (topic === 'text') return chunk({ content: WORDS[0] })
  const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'weather', arguments: '' } }
  return chunk({ tool_calls: [call] }) + chunk({ tool_calls: [{ index: 0, function: { arguments: ARGUMENTS[0] } }] })
}

export function restPieces(topic: Topic): string {
  const pieces =
    topic === 'text'
      ? WORDS.slice(1).map((word) => chunk({ content: word }))
      : ARGUMENTS.slice(1).map((text) => chunk({ tool_calls: [{ index: 0, function: { arguments: text } }] }))
  return pieces.join('') + ending(topic)
}

export function ending(topic: Topic): string {
  const usage = `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', choices: [], usage: USAGE })}\n\n`
  return `${chunk({}, topic === 'text' ? 'stop' : 'tool_calls')}${usage}data: [DONE]\n\n`
}

export const EVENT_STREAM = { 'content-type': 'text/event-stream' }
export const JSON_TYPE = { 'content-type': 'application/json' }

/** A perfect answer. */
export function answerWell(call: VendorCall, topic: Topic): void {
  if (call.stream) call.response.writeHead(200, EVENT_STREAM).end(ROLE + firstPiece(topic) + restPieces(topic))
  else call.response.writeHead(200, JSON_TYPE).end(wholeBody(topic))
}

/** The first half of an answer, on the wire, with `then` once it is there; a JSON body promises more than came. */
export function answerHalf(call: VendorCall, topic: Topic, then: (response: ServerResponse) => void): void {
  const { response } = call
  const body = wholeBody(topic)
  if (call.stream) response.writeHead(200, EVENT_STREAM)
  else response.writeHead(200, { ...JSON_TYPE, 'transfer-encoding': 'chunked' })
  response.write(call.stream ? ROLE + firstPiece(topic) : body.slice(0, body.length / 2), () => then(response))
}
