import { isRecord } from '../../json-value.ts'
import type { WireLogprobs } from '../wire-types.ts'

/** OpenAI's shape of logprobs, its required keys filled in; nothing when an upstream's are of another kind. */
export function wireLogprobs(value: unknown): WireLogprobs | undefined {
  if (!isRecord(value)) return undefined
  const content = tokens(value['content']) ?? tokens(fromLists(value))
  const refusal = tokens(value['refusal'])
  return content === null && refusal === null ? undefined : { content, refusal }
}

/** The older form, of servers that know it alone: lists of tokens, of their logprobs and of what else there was. */
function fromLists(value: Record<string, unknown>): unknown[] | undefined {
  const { tokens: names, token_logprobs: logprobs, top_logprobs: tops } = value
  if (!Array.isArray(names) || !Array.isArray(logprobs)) return undefined
  return names.map((token: unknown, at) => ({
    token,
    logprob: logprobs[at] as unknown,
    top_logprobs: fromMap(Array.isArray(tops) ? tops[at] : undefined),
  }))
}

/** `{ token: logprob }`. */
export function fromMap(tops: unknown): { token: string; logprob: unknown }[] {
  return isRecord(tops) ? Object.entries(tops).map(([token, logprob]) => ({ token, logprob })) : []
}

/** The logprobs of a choice so far and those of one more chunk. */
export function joinLogprobs(before: WireLogprobs | null, more: WireLogprobs): WireLogprobs {
  if (before === null) return more
  return { content: join(before.content, more.content), refusal: join(before.refusal, more.refusal) }
}

function join(a: unknown[] | null, b: unknown[] | null): unknown[] | null {
  if (a === null || b === null) return a ?? b
  return [...a, ...b]
}

function tokens(value: unknown): unknown[] | null {
  if (!Array.isArray(value) || value.length === 0) return null
  const list = value
    .filter(isToken)
    .map((token) => ({ ...alternative(token), top_logprobs: alternatives(token['top_logprobs']) }))
  return list.length === 0 ? null : list
}

function alternatives(value: unknown): unknown[] {
  return Array.isArray(value) ? value.filter(isToken).map(alternative) : []
}

function alternative(token: Record<string, unknown>): Record<string, unknown> {
  return { ...token, bytes: Array.isArray(token['bytes']) ? token['bytes'] : null }
}

function isToken(value: unknown): value is Record<string, unknown> {
  return isRecord(value) && typeof value['token'] === 'string' && typeof value['logprob'] === 'number'
}
