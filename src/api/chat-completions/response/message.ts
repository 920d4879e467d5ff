import { filled, isRecord } from '../json-value.ts'
import { joinDetails } from './upstream-chunk/reasoning-details.ts'
import { joinLogprobs } from './upstream-chunk/logprobs.ts'
import type { WireDelta, WireLogprobs, WireToolCall } from './wire-types.ts'

/** Adds the deltas of one choice up to OpenAI's `message`. */
export interface MessageFold {
  add(delta: WireDelta, logprobs?: WireLogprobs): void
  wire(): Record<string, unknown>
  logprobs(): WireLogprobs | null
}

export function createMessage(): MessageFold {
  let content = ''
  let reasoning = ''
  let refusal = ''
  let legacy: { name: string; arguments: string } | undefined
  let joined: WireLogprobs | null = null
  const details: Record<string, unknown>[] = []
  const annotations: Record<string, unknown>[] = []
  const calls: WireToolCall[] = []
  const further: Record<string, unknown> = {}

  return {
    add(delta, logprobs) {
      if (logprobs !== undefined) joined = joinLogprobs(joined, logprobs)
      for (const key in delta) {
        const value = delta[key]
        if (value === null || value === undefined) continue
        if (key === 'content') content += delta.content
        else if (key === 'reasoning_content') reasoning += delta.reasoning_content
        else if (key === 'refusal') refusal += delta.refusal
        else if (key === 'reasoning_details') details.push(...(delta.reasoning_details ?? []))
        else if (key === 'annotations') annotations.push(...(delta.annotations ?? []))
        else if (key === 'tool_calls') for (const call of delta.tool_calls ?? []) addCall(calls, call)
        else if (key === 'function_call') {
          legacy ??= { name: '', arguments: '' }
          legacy.name += delta.function_call?.name ?? ''
          legacy.arguments += delta.function_call?.arguments ?? ''
        } else if (key !== 'role') further[key] = joinFurther(further[key], value)
      }
    },
    wire: () => ({
      role: 'assistant',
      content: content === '' && (calls.length > 0 || legacy !== undefined || refusal !== '') ? null : content,
      refusal: refusal === '' ? null : refusal,
      annotations,
      ...(reasoning !== '' && { reasoning_content: reasoning }),
      ...(details.length > 0 && { reasoning_details: joinDetails(details) }),
      ...(calls.length > 0 && { tool_calls: calls.map(withoutIndex) }),
      ...(legacy !== undefined && { function_call: legacy }),
      ...further,
      ...('audio' in further && { audio: wireAudio(further['audio']) }),
    }),
    logprobs: () => joined,
  }
}

/** Speech has four keys, all required, that a stream may bring one by one; without an id it is none. */
function wireAudio(audio: unknown): Record<string, unknown> | undefined {
  if (!isRecord(audio) || filled(audio['id']) === undefined) return undefined
  const { data, transcript, expires_at } = audio
  return {
    ...audio,
    data: filled(data) ?? '',
    transcript: filled(transcript) ?? '',
    expires_at: Number.isInteger(expires_at) ? expires_at : 0,
  }
}

/** Only chunks number their calls. */
function withoutIndex(call: WireToolCall): Partial<WireToolCall> {
  return { ...call, index: undefined }
}

function addCall(calls: WireToolCall[], more: WireToolCall): void {
  const call = calls[more.index]
  if (call === undefined) {
    calls[more.index] = structuredClone(more)
    return
  }
  if (call.function !== undefined)
    call.function.arguments = (call.function.arguments ?? '') + (more.function?.arguments ?? '')
  if (call.custom !== undefined) call.custom.input = (call.custom.input ?? '') + (more.custom?.input ?? '')
  if (more.extra_content !== undefined) call.extra_content = more.extra_content
}

/** Lists go on, texts inside audio go on (its data and transcript come in pieces), everything else: later wins. */
function joinFurther(before: unknown, more: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(more)) return [...before, ...more]
  if (!isRecord(before) || !isRecord(more)) return more
  const joined: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(more)) {
    const old = joined[key]
    const goesOn = (key === 'data' || key === 'transcript') && typeof old === 'string' && typeof value === 'string'
    joined[key] = goesOn ? old + value : value
  }
  return joined
}
