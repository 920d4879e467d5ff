/** What a request becomes for each model that the vendors' SDKs name, so that a newer SDK shows which are new. */
import type { Model } from '@anthropic-ai/sdk/resources/messages'
import type { ChatModel, ReasoningEffort } from 'openai/resources/shared'
import { expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { shipped } from '../formats/cases.ts'

type Json = Record<string, unknown>
/** The names of a union that takes any text besides. */
type Named<Union> = Union extends string ? (string extends Union ? never : Union) : never

/** How a kind of model is asked: some fields of the body, and the fields that are warned of. */
interface Shape {
  body: Json
  warns?: string[]
}

const EFFORT = 'reasoning_effort'
const OPENAI_SHAPES = {
  plain: { body: { max_tokens: 7, temperature: 0.5, [EFFORT]: 'high' } },
  efforts: { body: { max_completion_tokens: 7, temperature: 0.5, [EFFORT]: 'high' } },
  'quiet beside tools': { body: { max_completion_tokens: 7, temperature: 0.5, [EFFORT]: 'none' }, warns: [EFFORT] },
  'thinks always': { body: { max_completion_tokens: 7, [EFFORT]: 'high' }, warns: ['temperature'] },
} satisfies Record<string, Shape>

const OPENAI: Record<ChatModel, keyof typeof OPENAI_SHAPES> = {
  'gpt-6-astra': 'efforts',
  'gpt-6.2-astra': 'efforts',
  'gpt-6.1-sol': 'efforts',
  'gpt-6.2-sol': 'efforts',
  'gpt-6.1-terra': 'efforts',
  'gpt-6-sol': 'efforts',
  'gpt-6-luna': 'efforts',
  'gpt-5.5': 'efforts',
  'gpt-5.5-2026-04-23': 'efforts',
  'gpt-5.4': 'efforts',
  'gpt-5.4-mini': 'efforts',
  'gpt-5.4-nano': 'efforts',
  'gpt-5.4-mini-2026-03-17': 'efforts',
  'gpt-5.4-nano-2026-03-17': 'efforts',
  'gpt-5.3-chat-latest': 'efforts',
  'gpt-5.2': 'efforts',
  'gpt-5.2-2025-12-11': 'efforts',
  'gpt-5.2-chat-latest': 'efforts',
  'gpt-5.2-pro': 'efforts',
  'gpt-5.2-pro-2025-12-11': 'efforts',
  'gpt-5.1': 'efforts',
  'gpt-5.1-2025-11-13': 'efforts',
  'gpt-5.1-codex': 'efforts',
  'gpt-5.1-mini': 'efforts',
  'gpt-5.1-chat-latest': 'efforts',
  'gpt-5-chat-latest': 'efforts',
  'gpt-5.6-sol': 'quiet beside tools',
  'gpt-5.6-terra': 'quiet beside tools',
  'gpt-5.6-luna': 'quiet beside tools',
  'gpt-5': 'thinks always',
  'gpt-5-mini': 'thinks always',
  'gpt-5-nano': 'thinks always',
  'gpt-5-2025-08-07': 'thinks always',
  'gpt-5-mini-2025-08-07': 'thinks always',
  'gpt-5-nano-2025-08-07': 'thinks always',
  'o4-mini': 'thinks always',
  'o4-mini-2025-04-16': 'thinks always',
  o3: 'thinks always',
  'o3-2025-04-16': 'thinks always',
  'o3-mini': 'thinks always',
  'o3-mini-2025-01-31': 'thinks always',
  o1: 'thinks always',
  'o1-2024-12-17': 'thinks always',
  'o1-preview': 'thinks always',
  'o1-preview-2024-09-12': 'thinks always',
  'o1-mini': 'thinks always',
  'o1-mini-2024-09-12': 'thinks always',
  'gpt-4.1': 'plain',
  'gpt-4.1-mini': 'plain',
  'gpt-4.1-nano': 'plain',
  'gpt-4.1-2025-04-14': 'plain',
  'gpt-4.1-mini-2025-04-14': 'plain',
  'gpt-4.1-nano-2025-04-14': 'plain',
  'gpt-4o': 'plain',
  'gpt-4o-2024-11-20': 'plain',
  'gpt-4o-2024-08-06': 'plain',
  'gpt-4o-2024-05-13': 'plain',
  'gpt-audio-mini': 'plain',
  'gpt-audio-mini-2025-12-15': 'plain',
  'gpt-4o-audio-preview': 'plain',
  'gpt-4o-audio-preview-2024-10-01': 'plain',
  'gpt-4o-audio-preview-2024-12-17': 'plain',
  'gpt-4o-audio-preview-2025-06-03': 'plain',
  'gpt-4o-mini-audio-preview': 'plain',
  'gpt-4o-mini-audio-preview-2024-12-17': 'plain',
  'gpt-4o-search-preview': 'plain',
  'gpt-4o-mini-search-preview': 'plain',
  'gpt-4o-search-preview-2025-03-11': 'plain',
  'gpt-4o-mini-search-preview-2025-03-11': 'plain',
  'chatgpt-4o-latest': 'plain',
  'codex-mini-latest': 'plain',
  'gpt-4o-mini': 'plain',
  'gpt-4o-mini-2024-07-18': 'plain',
  'gpt-4-turbo': 'plain',
  'gpt-4-turbo-2024-04-09': 'plain',
  'gpt-4-0125-preview': 'plain',
  'gpt-4-turbo-preview': 'plain',
  'gpt-4-1106-preview': 'plain',
  'gpt-4-vision-preview': 'plain',
  'gpt-4': 'plain',
  'gpt-4-0314': 'plain',
  'gpt-4-0613': 'plain',
  'gpt-4-32k': 'plain',
  'gpt-4-32k-0314': 'plain',
  'gpt-4-32k-0613': 'plain',
  'gpt-3.5-turbo': 'plain',
  'gpt-3.5-turbo-16k': 'plain',
  'gpt-3.5-turbo-0301': 'plain',
  'gpt-3.5-turbo-0613': 'plain',
  'gpt-3.5-turbo-1106': 'plain',
  'gpt-3.5-turbo-0125': 'plain',
  'gpt-3.5-turbo-16k-0613': 'plain',
}

const ANTHROPIC_SHAPES = {
  'adaptive, never warm': {
    body: { max_tokens: 7, thinking: { type: 'adaptive', display: 'summarized' }, effort: 'high' },
    warns: ['temperature'],
  },
  adaptive: { body: { max_tokens: 7, thinking: { type: 'adaptive' }, effort: 'high' }, warns: ['temperature'] },
  budget: {
    body: { max_tokens: 16_391, thinking: { type: 'enabled', budget_tokens: 16_384 } },
    warns: ['temperature'],
  },
} satisfies Record<string, Shape>

const ANTHROPIC: Record<Named<Model>, keyof typeof ANTHROPIC_SHAPES> = {
  'claude-fable-5-2': 'adaptive, never warm',
  'claude-mythos-5-2': 'adaptive, never warm',
  'claude-haiku-5-5': 'adaptive, never warm',
  'claude-sonnet-5-5': 'adaptive, never warm',
  'claude-fable-5-1': 'adaptive, never warm',
  'claude-opus-5-5': 'adaptive, never warm',
  'claude-mythos-5-1': 'adaptive, never warm',
  'claude-sonnet-5': 'adaptive, never warm',
  'claude-fable-5': 'adaptive, never warm',
  'claude-mythos-5': 'adaptive, never warm',
  'claude-opus-5': 'adaptive, never warm',
  'claude-opus-4-8': 'adaptive, never warm',
  'claude-opus-4-7': 'adaptive, never warm',
  'claude-mythos-preview': 'adaptive, never warm',
  'claude-opus-4-6': 'adaptive',
  'claude-sonnet-4-6': 'adaptive',
  'claude-haiku-4-5': 'budget',
  'claude-haiku-4-5-20251001': 'budget',
  'claude-opus-4-5': 'budget',
  'claude-opus-4-5-20251101': 'budget',
  'claude-sonnet-4-5': 'budget',
  'claude-sonnet-4-5-20250929': 'budget',
}

const FIELDS = ['max_tokens', 'max_completion_tokens', 'temperature', EFFORT, 'thinking', 'effort']

function asked(format: string, model: string): Shape {
  const tools = [{ type: 'function', function: { name: 'f', parameters: { type: 'object' } } }]
  const messages = [{ role: 'user', content: 'Hi' }]
  const more = { max_tokens: 7, temperature: 0.5, [EFFORT]: 'high', tools }
  const request = parseChatRequest({ model, messages, ...more })
  const target = { base_url: '', model, secret: 'k', headers: {} }
  const { request: sent, warnings } = shipped(format).encode(request, target)
  const { output_config, ...body } = JSON.parse(String(sent.body)) as Json
  const all = { ...body, ...(output_config as Json | undefined) }
  const shown = FIELDS.flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]] as const]))
  const warns = warnings.map((line) => line.split(':')[0] ?? '')
  return { body: Object.fromEntries(shown), ...(warns.length > 0 && { warns }) }
}

test.each(Object.entries(OPENAI))('%s: %s', (model, shape) => {
  expect(asked('openai', model)).toEqual(OPENAI_SHAPES[shape])
})

test.each(Object.entries(ANTHROPIC))('%s: %s', (model, shape) => {
  expect(asked('anthropic', model)).toEqual(ANTHROPIC_SHAPES[shape])
})

/** What each of OpenAI's efforts becomes: for a model that takes words, and for one that takes a budget. */
const EFFORTS: Record<NonNullable<ReasoningEffort>, { anthropic: unknown; budget: unknown; openai: unknown }> = {
  none: { anthropic: 'not at all', budget: 'not at all', openai: 'none' },
  minimal: { anthropic: 'low', budget: 1024, openai: 'minimal' },
  low: { anthropic: 'low', budget: 2048, openai: 'low' },
  medium: { anthropic: 'medium', budget: 8192, openai: 'medium' },
  high: { anthropic: 'high', budget: 16_384, openai: 'high' },
  xhigh: { anthropic: 'xhigh', budget: 24_576, openai: 'xhigh' },
  max: { anthropic: 'max', budget: 31_999, openai: 'max' },
}

test.each(Object.entries(EFFORTS))('an effort of %s', (effort, { anthropic, budget, openai }) => {
  const becomes = (format: string, model: string): unknown => {
    const request = parseChatRequest({ model, messages: [{ role: 'user', content: 'Hi' }], [EFFORT]: effort })
    const { request: sent } = shipped(format).encode(request, { base_url: '', model, secret: 'k', headers: {} })
    const body = JSON.parse(String(sent.body)) as Json
    const { effort: word } = (body['output_config'] ?? {}) as Json
    const { budget_tokens } = (body['thinking'] ?? {}) as Json
    return body[EFFORT] ?? word ?? budget_tokens ?? 'not at all'
  }
  expect(becomes('openai', 'gpt-5.5')).toBe(openai)
  expect(becomes('anthropic', 'claude-opus-5')).toBe(anthropic)
  expect(becomes('anthropic', 'claude-haiku-4-5')).toBe(budget)
})
