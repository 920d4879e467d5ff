/** The client APIs of the server: how a conversation is asked by each, and what its stream says. */
import { field } from './api.ts'
import { argsOf, type Call, type CallPiece, type Tool } from './tools.ts'

export interface Turn {
  /** `tools`: what came of the calls of the answer before. */
  who: 'user' | 'assistant' | 'tools'
  text: string
  /** What the answer calls, or what came of that. */
  calls?: Call[]
  /** A data URL. */
  image?: string
  thought?: string
}

export interface Asked {
  model: string
  system: string
  turns: Turn[]
  maxTokens: number
  tools: Tool[]
}

/** What one event of a stream adds. */
export interface Piece {
  text?: string
  thought?: string
  calls?: CallPiece[]
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
    body: ({ model, system, turns, maxTokens, tools }) => ({
      model,
      stream: true,
      stream_options: { include_usage: true },
      max_tokens: maxTokens,
      messages: [
        ...(system === '' ? [] : [{ role: 'system', content: system }]),
        ...turns.flatMap(({ who, text, image, calls = [] }): unknown[] => {
          if (who === 'tools')
            return calls.map(({ id, result = '' }) => ({ role: 'tool', tool_call_id: id, content: result }))
          const parts = [
            { type: 'text', text },
            { type: 'image_url', image_url: { url: image } },
          ]
          const made = calls.map(({ id, name, args, extra }) => ({
            id,
            type: 'function',
            function: { name, arguments: args },
            ...(extra !== undefined && { extra_content: extra }),
          }))
          const content = image === undefined ? text : parts
          return [made.length > 0 ? { role: who, content: text || null, tool_calls: made } : { role: who, content }]
        }),
      ],
      ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: 'function', function: tool })) }),
    }),
    read(event) {
      const delta = field(first(field(event, 'choices')), 'delta')
      return {
        calls: list(field(delta, 'tool_calls')).map((call) => ({
          at: field(call, 'index'),
          id: word(field(call, 'id')),
          name: word(field(field(call, 'function'), 'name')),
          args: word(field(field(call, 'function'), 'arguments')),
          extra: field(call, 'extra_content'),
        })),
        text: word(field(delta, 'content')),
        thought: word(field(delta, 'reasoning_content') ?? field(delta, 'reasoning')),
        tokens: count(field(field(event, 'usage'), 'completion_tokens')),
        error: errorOf(event),
      }
    },
  },
  messages: {
    path: () => '/v1/messages',
    body: ({ model, system, turns, maxTokens, tools }) => ({
      model,
      stream: true,
      max_tokens: maxTokens,
      ...(system !== '' && { system }),
      messages: turns.map(({ who, text, image, calls = [] }) => {
        if (who === 'tools')
          return {
            role: 'user',
            content: calls.map(({ id, result = '' }) => ({ type: 'tool_result', tool_use_id: id, content: result })),
          }
        if (image === undefined && calls.length === 0) return { role: who, content: text }
        const source = image !== undefined && {
          type: 'base64',
          media_type: mediaType(image),
          data: base64(image),
        }
        return {
          role: who,
          content: [
            ...(source ? [{ type: 'image', source }] : []),
            ...(text === '' ? [] : [{ type: 'text', text }]),
            ...calls.map((call) => ({ type: 'tool_use', id: call.id, name: call.name, input: argsOf(call) })),
          ],
        }
      }),
      ...(tools.length > 0 && {
        tools: tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
      }),
    }),
    read(event) {
      const delta = field(event, 'delta')
      const block = field(event, 'content_block')
      const at = field(event, 'index')
      const args = word(field(delta, 'partial_json'))
      const begins = field(block, 'type') === 'tool_use'
      return {
        calls: [
          ...(begins ? [{ at, id: word(field(block, 'id')), name: word(field(block, 'name')) }] : []),
          ...(args === undefined ? [] : [{ at, args }]),
        ],
        text: word(field(delta, 'text')),
        thought: word(field(delta, 'thinking')),
        tokens: count(field(field(event, 'usage'), 'output_tokens')),
        error: errorOf(event),
      }
    },
  },
  responses: {
    path: () => '/v1/responses',
    body: ({ model, system, turns, maxTokens, tools }) => ({
      model,
      stream: true,
      store: false,
      max_output_tokens: maxTokens,
      ...(system !== '' && { instructions: system }),
      input: turns.flatMap(({ who, text, image, calls = [] }): unknown[] => {
        if (who === 'tools')
          return calls.map(({ id, result = '' }) => ({ type: 'function_call_output', call_id: id, output: result }))
        const content = [
          { type: who === 'user' ? 'input_text' : 'output_text', text },
          ...(image === undefined ? [] : [{ type: 'input_image', image_url: image }]),
        ]
        return [
          ...(text === '' ? [] : [{ role: who, content }]),
          ...calls.map(({ id, name, args }) => ({ type: 'function_call', call_id: id, name, arguments: args })),
        ]
      }),
      ...(tools.length > 0 && { tools: tools.map((tool) => ({ type: 'function', strict: false, ...tool })) }),
    }),
    read(event) {
      const type = field(event, 'type')
      const delta = word(field(event, 'delta'))
      const response = field(event, 'response')
      const item = field(event, 'item')
      const at = field(event, 'output_index')
      const begins = type === 'response.output_item.added' && field(item, 'type') === 'function_call'
      return {
        calls: [
          ...(begins ? [{ at, id: word(field(item, 'call_id')), name: word(field(item, 'name')) }] : []),
          ...(type === 'response.function_call_arguments.delta' ? [{ at, args: delta }] : []),
        ],
        text: type === 'response.output_text.delta' ? delta : undefined,
        thought: String(type).startsWith('response.reasoning') ? delta : undefined,
        tokens: count(field(field(response, 'usage'), 'output_tokens')),
        error: errorOf(event) ?? errorOf(response),
      }
    },
  },
  'generate-content': {
    path: ({ model }) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: ({ system, turns, maxTokens, tools }) => ({
      ...(system !== '' && { systemInstruction: { parts: [{ text: system }] } }),
      contents: turns.map(({ who, text, image, calls = [] }) => {
        if (who === 'tools')
          return {
            role: 'user',
            parts: calls.map(({ id, name, result }) => ({ functionResponse: { id, name, response: { result } } })),
          }
        return {
          role: who === 'user' ? 'user' : 'model',
          parts: [
            ...(image === undefined ? [] : [{ inlineData: { mimeType: mediaType(image), data: base64(image) } }]),
            ...(text === '' ? [] : [{ text }]),
            ...calls.map((call) => ({
              functionCall: { id: call.id, name: call.name, args: argsOf(call) },
              ...(call.extra !== undefined && { thoughtSignature: call.extra }),
            })),
          ],
        }
      }),
      ...(tools.length > 0 && { tools: [{ functionDeclarations: tools }] }),
      generationConfig: { maxOutputTokens: maxTokens },
    }),
    read(event) {
      const parts = list(field(field(first(field(event, 'candidates')), 'content'), 'parts'))
      const texts = (thought: boolean): string =>
        parts
          .filter((part) => (field(part, 'thought') === true) === thought)
          .map((part) => word(field(part, 'text')) ?? '')
          .join('')
      return {
        // each comes whole
        calls: parts.flatMap((part) => {
          const call = field(part, 'functionCall')
          if (call === undefined) return []
          const args = JSON.stringify(field(call, 'args') ?? {})
          const extra = field(part, 'thoughtSignature')
          return [{ id: word(field(call, 'id')), name: word(field(call, 'name')), args, extra }]
        }),
        text: texts(false),
        thought: texts(true),
        tokens: count(field(field(event, 'usageMetadata'), 'candidatesTokenCount')),
        error: errorOf(event),
      }
    },
  },
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function first(value: unknown): unknown {
  return list(value)[0]
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
