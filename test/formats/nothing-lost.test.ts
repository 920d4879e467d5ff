/** Whatever a client asks for reaches the vendor, is told as left out, or is refused: never lost without a word. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
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
  prompt_cache_options: [{ mode: 'explicit' }],
  prompt_cache_retention: ['24h'],
  web_search_options: [{ search_context_size: 'low' }],
  moderation: [{ model: 'm' }],
  vendor_field: [1],
  top_k: [4],
  extra_body: [{ vendor_field: 1 }],
}

/** Models beside one that no format knows, which all are tried with. */
const MODELS: Record<string, string[]> = {
  openai: ['gpt-4.1', 'gpt-5', 'o3'],
  anthropic: ['claude-3-5-haiku', 'claude-opus-4-1', 'claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-4-8'],
  gemini: ['gemini-2.0-flash', 'gemini-2.5-pro', 'gemini-3-flash-preview', 'gemma-3-27b-it'],
}

const NAMES = readdirSync(join(import.meta.dirname, '../../src/formats')).map((file) => file.replace('.yaml', ''))

describe.each(NAMES)('%s', (name) => {
  const models = [...(MODELS[name] ?? []), 'some-model']
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
      const without = told(model, needs)
      // refused already without it
      return without.startsWith('[') && told(model, { ...needs, [field]: value }) === without
    })
    expect(lost.map(([field]) => field)).toEqual([])
  })
})

describe('a closed schema', () => {
  const encode = (format: string, model: string, body: Body): [Record<string, unknown>, string[]] => {
    const request = parseChatRequest({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...body })
    const target = { base_url: '', model, secret: 'k', headers: {} }
    const { request: sent, warnings } = shipped(format).encode(request, target)
    return [JSON.parse(String(sent.body)) as Record<string, unknown>, warnings]
  }

  test.each([
    ['anthropic', 'claude-sonnet-5', { top_k: 1, min_p: 0.1 }, ['min_p']],
    ['bedrock-anthropic', 'anthropic.claude-sonnet-5', { min_p: 0.1 }, ['min_p']],
    [
      'gemini',
      'gemini-3-flash-preview',
      { top_k: 1, min_p: 0.1, chat_template_kwargs: {} },
      ['min_p', 'chat_template_kwargs'],
    ],
    ['gemini-openai', 'gemini-3-flash-preview', { min_p: 0.1 }, ['min_p']],
    [
      'mistral',
      'mistral-large-latest',
      { safe_prompt: true, top_k: 1, thinking: { type: 'enabled' } },
      ['top_k', 'thinking'],
    ],
    ['groq', 'qwen/qwen3-32b', { reasoning_format: 'parsed', top_k: 1 }, ['top_k']],
    ['cerebras', 'zai-glm-4.7', { min_tokens: 1, top_k: 1 }, ['top_k']],
    ['cohere', 'command-a-03-2025', { safety_mode: 'OFF', min_p: 0.1 }, ['min_p']],
  ])('%s gets what it takes, and the client hears of the rest', (format, model, extra, left) => {
    const [sent, warnings] = encode(format, model, extra)
    for (const field of left) {
      expect(JSON.stringify(sent)).not.toContain(`"${field}"`)
      expect(warnings.some((warning) => warning.startsWith(`${field}: `))).toBe(true)
    }
    expect(warnings.length).toBe(left.length)
  })

  test('does not hold for what stands in extra_body, which is meant for this vendor', () => {
    expect(encode('mistral', 'mistral-large-latest', { extra_body: { tomorrow: 1 } })).toMatchObject([
      { tomorrow: 1 },
      [],
    ])
  })
})
