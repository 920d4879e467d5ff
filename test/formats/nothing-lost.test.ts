/** Whatever a client asks for reaches the vendor, is told as left out, or is refused: never lost without a word. */
import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { GatewayError } from '../../src/chat/error.ts'
import { shipped, type Body } from './cases.ts'

const TOOLS = [
  { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: { a: { type: 'string' } } } } },
]

/** A value of each field that changes what the model does or what the vendor keeps; beside it, what the field needs. */
const FIELDS: Record<string, [value: unknown, needs?: Body]> = {
  max_tokens: [7],
  max_completion_tokens: [7],
  temperature: [0.3],
  top_p: [0.3],
  stop: ['END'],
  seed: [7],
  n: [2],
  presence_penalty: [0.5],
  frequency_penalty: [0.5],
  logit_bias: [{ 42: 1 }],
  logprobs: [true],
  top_logprobs: [2, { logprobs: true }],
  user: ['u'],
  safety_identifier: ['u'],
  metadata: [{ a: 'b' }],
  store: [true],
  service_tier: ['flex'],
  verbosity: ['low'],
  reasoning_effort: ['low'],
  response_format: [{ type: 'json_object' }],
  tools: [TOOLS],
  tool_choice: ['required', { tools: TOOLS }],
  parallel_tool_calls: [false, { tools: TOOLS }],
  functions: [[{ name: 'f' }]],
  modalities: [['text', 'audio']],
  audio: [{ voice: 'a', format: 'wav' }],
  prediction: [{ type: 'content', content: 'x' }],
  prompt_cache_key: ['k'],
  prompt_cache_retention: ['24h'],
  web_search_options: [{ search_context_size: 'low' }],
  moderation: [{ model: 'm' }],
  vendor_field: [1],
  extra_body: [{ vendor_field: 1 }],
}

/** What a format may leave out in silence, because neither the answer nor the client's bill changes by it. */
const NO_LOSS: Record<string, string[]> = {
  openai: [],
  anthropic: [],
  gemini: ['user', 'safety_identifier', 'metadata', 'store'],
}

const MODELS: Record<string, string[]> = {
  openai: ['gpt-4.1', 'gpt-5', 'o3'],
  anthropic: ['claude-3-5-haiku', 'claude-opus-4-1', 'claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-4-8'],
  gemini: ['gemini-2.0-flash', 'gemini-2.5-pro', 'gemini-3-flash-preview', 'gemma-3-27b-it'],
}

describe.each(Object.entries(MODELS))('%s', (name, models) => {
  const format = shipped(name)
  const told = (model: string, body: Body): string => {
    const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body })
    try {
      const { request: sent, warnings } = format.encode(request, { base_url: '', model, secret: 'k', headers: {} })
      return JSON.stringify([sent.body, warnings])
    } catch (error) {
      if (error instanceof GatewayError && error.status === 400) return error.message
      throw error
    }
  }

  test.each(models)('no field is lost on the way to %s', (model) => {
    const lost = Object.entries(FIELDS).filter(([field, [value, needs = {}]]) => {
      return told(model, { ...needs, [field]: value }) === told(model, needs)
    })
    expect(lost.map(([field]) => field).filter((field) => !NO_LOSS[name]?.includes(field))).toEqual([])
  })
})
