/** A client's body as the vendor would get it. */
import { parseChatRequest } from '../../src/api/chat-completions/parse.ts'
import type { Secret } from '../../src/upstream/contract.ts'
import { shippedFormat } from './replay.ts'

export interface Sent {
  path: string
  headers: Record<string, string>
  body: Record<string, unknown>
  warnings: string[]
}

const HI = [{ role: 'user', content: 'Hi' }]

/** @param body fields of a chat completion; `messages` may be left out */
export function encode(format: string, body: Record<string, unknown>, model = 'test-model', secret: Secret = 'key'): Sent {
  const request = parseChatRequest({ messages: HI, ...body, model: 'client-model' })
  const target = { base_url: 'https://vendor.example', model, secret, headers: {} }
  const { request: sent, warnings } = shippedFormat(format).encode(request, target)
  return {
    path: sent.url.slice(target.base_url.length),
    headers: sent.headers,
    body: JSON.parse(String(sent.body)) as Record<string, unknown>,
    warnings,
  }
}
