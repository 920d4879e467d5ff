/** What to set, for a client that asks at a path which is not served. */
import { GatewayError } from '../../chat/error.ts'

const BASE = 'set its base URL to this server and /v1'

/** By path; the first that fits. A path that is served never comes here with the method that it takes. */
const HINTS: readonly [path: RegExp, hint: string][] = [
  [/^\/v1\/chat\/completions\/?$/, 'Chat completions are asked for with POST.'],
  [/^\/v1\/(messages|complete)\b/, `This is a path of Anthropic's API: give the client one for OpenAI, and ${BASE}.`],
  [
    /^\/(v1|v1beta|v1alpha)\/models\/[^/]+:/,
    `This is a path of Gemini's API: give the client one for OpenAI, and ${BASE}.`,
  ],
  [/^\/openai\/deployments\//, `This is a path of Azure's API: use the client for OpenAI itself, and ${BASE}.`],
  [
    /^\/api\/(chat|generate|tags|embed|show)\b/,
    `This is a path of Ollama's API: give the client one for OpenAI, and ${BASE}.`,
  ],
  [/^\/v1\/responses\b/, 'Set the client to chat completions: POST /v1/chat/completions.'],
  [/^\/v1\/completions\/?$/, 'Set the client to chat completions: POST /v1/chat/completions.'],
  [
    /^\/v1\/(embeddings|images|audio|moderations|files|batches|fine_tuning|assistants|threads|realtime|vector_stores|uploads|conversations)\b/,
    'This server does not serve this part of the API: point the client for it at the vendor itself.',
  ],
  [/^\/?$/, `To use this server ${BASE.replace('its', "a client's")}.`],
  [/\/chat\/completions\/?$/, `Chat completions are at /v1/chat/completions: ${BASE}.`],
]

/** @param url as it was asked for; a query, which can hold a key, is not told */
export function unknownUrl(method: string, url: string): GatewayError {
  const path = url.split('?', 1)[0] ?? ''
  const hint = HINTS.find(([pattern]) => pattern.test(path))?.[1] ?? 'See GET /v1/models.'
  const message = `Unknown request URL: ${method} ${path.slice(0, 200)}. ${hint}`
  return new GatewayError('not_found', message, { code: 'unknown_url' })
}
