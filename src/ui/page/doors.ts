/** The client APIs of the server: how a conversation is asked by each, and what its stream says. */
import { field } from './api.ts'

export interface Turn {
  who: 'user' | 'assistant'
  text: string
  /** A data URL. */
  image?: string
  thought?: string
}

export interface Asked {
  model: string
  system: string
  turns: Turn[]
  maxTokens: number
}

/** What one event of a stream adds. */
export interface Piece {
  text?: string
  thought?: string
  /** Tokens of the answer so far, where it says. */
  tokens?: number
  error?: string
}

export interface Door {
  path(asked: Asked): string
  body(asked: Asked): Record<string, unknown>
  headers?: Record<string, string>
  read(event: unknown): Piece
}

export const DOORS: Record<string, Door> = {
  chat: {
    path: () => '/v1/chat/completions',
    body: ({ model, system, turns, maxTokens }) => ({
      model,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: maxTokens,
      messages: [
        ...(system === '' ? [] : [{ role: 'system', content: system }]),
        ...turns.map(({ who, text, image }) => ({
          role: who,
          content:
            image === undefined
              ? text
              : [
                  { type: 'text', text },
                  { type: 'image_url', image_url: { url: image } },
                ],
        })),
      ],
    }),
    read(event) {
      const delta = field(first(field(event, 'choices')), 'delta')
      return {
        text: word(field(delta, 'content')),
        thought: word(field(delta, 'reasoning_content') ?? field(delta, 'reasoning')),
        tokens: count(field(field(event, 'usage'), 'completion_tokens')),
        error: errorOf(event),
      }
    },
  },
  messages: {
    path: () => '/v1/messages',
    body: ({ model, system, turns, maxTokens }) => ({
      model,
      stream: true,
      max_tokens: maxTokens,
      ...(system !== '' && { system }),
      messages: turns.map(({ who, text, image }) => ({
        role: who,
        content:
          image === undefined
            ? text
            : [
                { type: 'image', source: { type: 'base64', media_type: mediaType(image), data: base64(image) } },
                { type: 'text', text },
              ],
      })),
    }),
    read(event) {
      const delta = field(event, 'delta')
      return {
        text: word(field(delta, 'text')),
        thought: word(field(delta, 'thinking')),
        tokens: count(field(field(event, 'usage'), 'output_tokens')),
        error: errorOf(event),
      }
    },
  },
  responses: {
    path: () => '/v1/responses',
    body: ({ model, system, turns, maxTokens }) => ({
      model,
      stream: true,
      store: false,
      max_output_tokens: maxTokens,
      ...(system !== '' && { instructions: system }),
      input: turns.map(({ who, text, image }) => ({
        role: who,
        content: [
          { type: who === 'user' ? 'input_text' : 'output_text', text },
          ...(image === undefined ? [] : [{ type: 'input_image', image_url: image }]),
        ],
      })),
    }),
    read(event) {
      const type = field(event, 'type')
      const delta = word(field(event, 'delta'))
      const response = field(event, 'response')
      return {
        text: type === 'response.output_text.delta' ? delta : undefined,
        thought: String(type).startsWith('response.reasoning') ? delta : undefined,
        tokens: count(field(field(response, 'usage'), 'output_tokens')),
        error: errorOf(event) ?? errorOf(response),
      }
    },
  },
  'generate-content': {
    path: ({ model }) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: ({ system, turns, maxTokens }) => ({
      ...(system !== '' && { systemInstruction: { parts: [{ text: system }] } }),
      contents: turns.map(({ who, text, image }) => ({
        role: who === 'user' ? 'user' : 'model',
        parts: [
          ...(image === undefined ? [] : [{ inlineData: { mimeType: mediaType(image), data: base64(image) } }]),
          { text },
        ],
      })),
      generationConfig: { maxOutputTokens: maxTokens },
    }),
    read(event) {
      const parts = field(field(first(field(event, 'candidates')), 'content'), 'parts')
      const list: unknown[] = Array.isArray(parts) ? parts : []
      const texts = (thought: boolean): string =>
        list
          .filter((part) => (field(part, 'thought') === true) === thought)
          .map((part) => word(field(part, 'text')) ?? '')
          .join('')
      return {
        text: texts(false),
        thought: texts(true),
        tokens: count(field(field(event, 'usageMetadata'), 'candidatesTokenCount')),
        error: errorOf(event),
      }
    },
  },
}

function first(value: unknown): unknown {
  return Array.isArray(value) ? (value as unknown[])[0] : undefined
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function errorOf(event: unknown): string | undefined {
  const error = field(event, 'error')
  return word(field(error, 'message')) ?? word(error)
}

function mediaType(url: string): string {
  return /^data:([^;,]+)/.exec(url)?.[1] ?? 'image/png'
}

function base64(url: string): string {
  return url.slice(url.indexOf(',') + 1)
}
