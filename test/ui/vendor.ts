/** A vendor on a port of its own: it streams a few words with pauses, calls the first tool that it is offered, and says 429 where it is told to. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'

export interface Vendor {
  url: string
  /** Requests so far, by key. */
  served: Map<string, number>
  /** Keys that are refused once each. */
  refuse: Set<string>
  /** Seconds that it tells those to come back after. */
  rest: number
  /** Milliseconds between two words. */
  pause: number
  /** Nothing is answered from now on, until the function that comes back is called. */
  hold(): () => void
  close(): Promise<void>
}

interface Asked {
  stream?: boolean
  model: string
  messages: { role: string; content: unknown }[]
  tools?: { function: { name: string } }[]
}

const WORDS = ['All', ' keys', ' act', ' as', ' one', '.']

export async function startVendor(): Promise<Vendor> {
  const server = createServer((request, response) => void answer(request, response))
  const served = new Map<string, number>()
  const refuse = new Set<string>()
  let held: Promise<void> | undefined

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const key = request.headers.authorization?.slice('Bearer '.length) ?? ''
    const body = (await json(request)) as Asked
    served.set(key, (served.get(key) ?? 0) + 1)
    await held
    if (refuse.delete(key)) {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after': String(vendor.rest) })
      response.end(
        JSON.stringify({ error: { message: 'Rate limit reached', type: 'requests', code: 'rate_limit_exceeded' } }),
      )
      return
    }
    const usage = { prompt_tokens: 120, completion_tokens: WORDS.length, total_tokens: 120 + WORDS.length }
    const head = { id: 'c', created: 1, model: body.model }
    if (body.stream !== true) {
      await after(vendor.pause * WORDS.length)
      const message = { role: 'assistant', content: WORDS.join('') }
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(
        JSON.stringify({
          ...head,
          object: 'chat.completion',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }),
      )
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = (delta: object, finish_reason: string | null = null): string =>
      `data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`
    const [tool] = body.tools ?? []
    const last = body.messages.at(-1)
    if (tool && last?.role !== 'tool') {
      const { name } = tool.function
      response.write(
        event({ tool_calls: [{ index: 0, id: 'call_a', type: 'function', function: { name, arguments: '' } }] }),
      )
      for (const piece of ['{"city":', '"Oslo"}'])
        response.write(event({ tool_calls: [{ index: 0, function: { arguments: piece } }] }))
      response.end(`${event({}, 'tool_calls')}data: [DONE]\n\n`)
      return
    }
    if (last?.role === 'tool') response.write(event({ content: `It is said to be ${JSON.stringify(last.content)}. ` }))
    for (const word of WORDS) {
      await after(vendor.pause)
      response.write(event({ content: word }))
    }
    response.end(
      `${event({}, 'stop')}data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk', choices: [], usage })}\n\ndata: [DONE]\n\n`,
    )
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const vendor: Vendor = {
    url: `http://127.0.0.1:${port}/v1`,
    served,
    refuse,
    rest: 4,
    pause: 15,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return () => {
        held = undefined
        resolve()
      }
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return vendor
}

/** The vendor's own slowness, not a wait for something. */
function after(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref())
}
