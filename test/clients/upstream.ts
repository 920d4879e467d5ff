/** An OpenAI-like upstream that answers as the request and the model's name ask, always the same. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

type Json = Record<string, unknown>

const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const PERSON = '{"name":"Ada","age":36}'
const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])

/** What the message of the answer holds: text in pieces, or the call of a tool. */
function answerTo(body: Json): Json[] {
  const last = list(body['messages']).at(-1)
  if (last?.['role'] === 'tool') return ['It is ', 'fine ', 'in Oslo.'].map((content) => ({ content }))
  const tool = list(body['tools'])[0]?.['function'] as Json | undefined
  if (tool) {
    // any other tool is how a framework asks for structured output
    const args = tool['name'] === 'get_weather' ? '{"city":"Oslo"}' : PERSON
    const call = { index: 0, id: 'call_1', type: 'function', function: { name: tool['name'], arguments: args } }
    return [{ content: null, tool_calls: [call] }]
  }
  if (body['response_format']) return [{ content: PERSON }]
  return ['Hello ', 'from ', 'upstream.'].map((content) => ({ content }))
}

export async function startUpstream(): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    void text(request).then((sent) => {
      const body = JSON.parse(sent) as Json
      const { model } = body
      if (model === 'refuses') {
        response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '600' })
        response.end(JSON.stringify({ error: { message: 'Rate limit reached', type: 'requests', code: null } }))
        return
      }
      if (model === 'fails') {
        response.writeHead(500, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ error: { message: 'The model fell over', type: 'server_error', code: null } }))
        return
      }
      const deltas = answerTo(body)
      const finish_reason = deltas[0]?.['tool_calls'] ? 'tool_calls' : 'stop'
      const head = { id: 'chatcmpl-1', created: 1, model }
      if (body['stream'] !== true) {
        const content = deltas.map((delta) => delta['content'] ?? '').join('') || null
        const calls = list(deltas[0]?.['tool_calls']).map(({ index: _index, ...call }) => call)
        const message = { role: 'assistant', content, ...(calls.length > 0 && { tool_calls: calls }) }
        const choices = [{ index: 0, message, finish_reason }]
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage: USAGE }))
        return
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const send = (event: Json) => void response.write(`data: ${JSON.stringify(event)}\n\n`)
      const chunk = (delta: Json, reason: string | null = null) =>
        send({ ...head, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: reason }] })
      chunk({ role: 'assistant', ...deltas[0] })
      if (model === 'overheats') send({ error: { message: 'The model overheated', type: 'server_error' } })
      else {
        for (const delta of deltas.slice(1)) chunk(delta)
        chunk({}, finish_reason)
        send({ ...head, object: 'chat.completion.chunk', choices: [], usage: USAGE })
        response.write('data: [DONE]\n\n')
      }
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}
