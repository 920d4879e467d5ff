/** An exchange as a case: the client's body, what was sent, the vendor's bytes; without anything that is secret. */
import type { Provider } from '../../config/config.ts'
import { createRedactor, type Redact } from '../../observability/redact.ts'
import type { Secret } from '../../upstream/types.ts'
import type { Case } from '../cases/case.ts'
import { runCase } from '../cases/run-case.ts'
import type { Taken } from './tape.ts'

export interface Recorded extends Taken {
  body: Record<string, unknown>
  model: string
  warnings: string[]
}

/** Of an answer's headers those that a definition may read; the rest names accounts, cookies and machines. */
const KEPT_HEADERS =
  /^(content-type|retry-after(-ms)?|x-should-retry|.*ratelimit.*|.*quota.*|.*-tokens-.*|.*-requests-.*)$/

/** Names of accounts and people that vendors put into messages, and what looks like a key though it is not ours. */
const PRIVATE: [RegExp, string][] = [
  [/\borg[-_][A-Za-z0-9]{8,}/g, 'org-of-somebody'],
  [/\b[a-z]{0,3}sk[-_][A-Za-z0-9_-]{16,}/g, 'key-of-somebody'],
  [/[\w.+-]+@[\w-]+\.[\w.]{2,}/g, 'somebody@example.com'],
]

export function recordedCase(name: string, recorded: Recorded, provider: Provider, secret: Secret): Case {
  const { body, model, warnings, request, status, headers, bytes } = recorded
  const { model: _, ...client } = body
  const redact = privately(secret, provider.headers)
  const text = bytes.toString('utf8')
  const each: Case = {
    name,
    model,
    client,
    sends: JSON.parse(redact(String(request.body))) as Record<string, unknown>,
    path: redact(request.url.slice(provider.base_url.length)),
    warns: warnings.map(redact),
    status,
    answer_headers: Object.fromEntries(
      Object.entries(headers)
        .filter(([header]) => KEPT_HEADERS.test(header))
        .map(([header, value]) => [header, redact(value)]),
    ),
  }
  if (!isText(bytes, text)) each.streams_base64 = bytes.toString('base64')
  else if (isStream(headers['content-type'], text)) each.streams = redact(text)
  else each.answers = parsed(redact(text))
  return withoutTheKey(each, provider)
}

/** Where the key is part of path or body, and on a wire of two requests, the request cannot be made again without it. */
function withoutTheKey(each: Case, provider: Provider): Case {
  const request = /^(sends|path|warns|refused)/
  const { answers: _a, streams: _s, streams_base64: _b, ...asked } = each
  if (!runCase(asked, provider.format).some((fault) => request.test(fault))) return each
  const { sends: _sends, path: _path, warns: _warns, ...answer } = each
  return answer
}

function privately(secret: Secret, headers: Record<string, string>): Redact {
  const parts = typeof secret === 'string' ? [secret] : Object.values(secret)
  const known = [...parts, ...Object.values(headers)].map((value) => [value, 'secret'] as const)
  const redact = createRedactor(new Map(known))
  return (text) => PRIVATE.reduce((shown, [pattern, instead]) => shown.replace(pattern, instead), redact(text))
}

function isText(bytes: Buffer, text: string): boolean {
  return Buffer.from(text, 'utf8').equals(bytes)
}

function isStream(type = '', text: string): boolean {
  if (/event-stream|ndjson|stream\+json/.test(type)) return true
  return parsed(text) === text && /^(data|event|id):/m.test(text)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
