/** One handed case played for real: its configuration, a fake upstream on a socket, its requests one after the other. */
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { startGateway } from '../end-to-end/gateway.ts'

export interface HandedCase {
  kind: string
  config: unknown
  request: unknown
  upstream: unknown
  expected: string
}

/** What came to the upstream. */
export interface Sent {
  url: string
  headers: IncomingHttpHeaders
  text: string
  body: Record<string, unknown>
  /** Milliseconds, of the process's clock. */
  at: number
}

export interface Answer {
  status: number
  headers: Headers
  text: string
}

/** What a case left behind: all that came to the upstream, and one answer for each request. */
export interface Played {
  sent: Sent[]
  answers: Answer[]
}

/** One step of an upstream: an answer, or milliseconds of silence before it. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

/** @param replies in order; the last one stands for all that follow; @param path of the gateway */
export async function play(
  config: Record<string, unknown>,
  requests: readonly unknown[],
  replies: readonly Reply[],
  path = '/v1/chat/completions',
): Promise<Played> {
  const sent: Sent[] = []
  const upstream = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const reply = replies[Math.min(sent.length, replies.length - 1)] ?? ordinary('openai')
      sent.push({
        url: request.url ?? '',
        headers: request.headers,
        text,
        body: JSON.parse(text || '{}'),
        at: performance.now(),
      })
      response.writeHead(reply.status, reply.headers).end(reply.body)
    })
  })
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
  const port = String((upstream.address() as AddressInfo).port)
  const gateway = await startGateway(JSON.parse(JSON.stringify(config).replaceAll('PORT', port)))
  const answers: Answer[] = []
  try {
    for (const request of requests) {
      const response = await fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: typeof request === 'string' ? request : JSON.stringify(request),
      })
      answers.push({ status: response.status, headers: response.headers, text: await response.text() })
    }
  } finally {
    await gateway.close()
    upstream.closeAllConnections()
    await new Promise((resolve) => upstream.close(resolve))
  }
  return { sent, answers }
}

/** A case as it stands in its file; what the file tells in words only is an ordinary answer of its format. */
export function playCase(each: HandedCase, sources: readonly string[]): Promise<Played> {
  const config = each.config as Record<string, unknown>
  const format = formatOf(config)
  const requests = Array.isArray(each.request) ? sources : [sources[0]]
  const said = Array.isArray(each.upstream) ? each.upstream : [each.upstream]
  return play(
    config,
    requests,
    said.map((reply) => replyOf(reply, format)),
  )
}

function replyOf(said: unknown, format: string): Reply {
  if (typeof said !== 'object' || said === null) return ordinary(format)
  if ('status' in said) return said as Reply
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(said) }
}

const JSON_TYPE = { 'content-type': 'application/json' }

function formatOf(config: Record<string, unknown>): string {
  const [first] = Object.values(config['providers'] as Record<string, { format: string }>)
  return first?.format ?? 'openai'
}

/** "ok", in the vendor's own form. */
export function ordinary(format: string): Reply {
  const body = ORDINARY[format] ?? {
    id: 'c1',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  }
  return { status: 200, headers: JSON_TYPE, body: JSON.stringify(body) }
}

const ORDINARY: Record<string, unknown> = {
  anthropic: {
    id: 'msg_2',
    type: 'message',
    role: 'assistant',
    model: 'claude',
    content: [{ type: 'text', text: 'ok' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 3, output_tokens: 4 },
  },
  gemini: {
    candidates: [{ content: { role: 'model', parts: [{ text: 'ok' }] }, finishReason: 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 2, candidatesTokenCount: 1, totalTokenCount: 3 },
  },
  bedrock: {
    output: { message: { role: 'assistant', content: [{ text: 'ok' }] } },
    stopReason: 'end_turn',
    usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 },
  },
  cohere: {
    id: 'c1',
    message: { role: 'assistant', content: [{ type: 'text', text: 'ok' }] },
    finish_reason: 'COMPLETE',
    usage: { tokens: { input_tokens: 3, output_tokens: 4 } },
  },
  ollama: {
    model: 'm',
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: 'ok' },
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 3,
    eval_count: 4,
  },
}
