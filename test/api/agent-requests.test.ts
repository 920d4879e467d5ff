/** Recorded requests of real agents, over every kind of upstream wire: each format writes them, and loses neither words nor tools. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { toChat as fromGenerateContent } from '../../src/api/generate-content/request.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { toChat as fromMessages } from '../../src/api/messages/request.ts'
import { readResponsesRequest } from '../../src/api/responses/request.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import * as anthropic from '../formats/anthropic/rules.ts'
import * as bedrock from '../formats/bedrock/rules.ts'
import { shipped, type Body } from '../formats/cases.ts'
import * as cohere from '../formats/cohere/rules.ts'
import * as gemini from '../formats/gemini/rules.ts'
import * as mistral from '../formats/mistral/rules.ts'
import * as ollama from '../formats/ollama/rules.ts'
import * as openai from '../formats/openai/rules.ts'
import { against } from './openai-schema.ts'

const FOLDER = path.join(import.meta.dirname, '../../../shared/agents/recorded')
if (!existsSync(FOLDER)) console.warn('skipped: the recorded agents are not beside this checkout (../shared)')

/** Each wire, and what its vendor documents of a body. */
const WIRES: Record<string, (body: Body, model: string) => string[]> = {
  openai: (body) => [...openai.brokenRules(body), ...schema('CreateChatCompletionRequest', body)],
  groq: openai.brokenRules,
  anthropic: anthropic.brokenRules,
  'bedrock-anthropic': (body) => anthropic.brokenRules({ ...omit(body, 'anthropic_version'), model: 'model' }),
  gemini: gemini.brokenRules,
  bedrock: bedrock.brokenRules,
  cohere: cohere.brokenRules,
  mistral: mistral.brokenRules,
  ollama: ollama.brokenRules,
  'openai-responses': (body) => schema('CreateResponse', { ...body, input: (body['input'] as Body[]).map(asStored) }),
}

function omit(body: Body, field: string): Body {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field))
}

/** The schema knows an answer's message as the vendor keeps it; what OpenAI's own agent leaves out when it sends one back is not asked for. */
function asStored(item: Body): Body {
  if (item['role'] !== 'assistant' || !Array.isArray(item['content'])) return item
  const content = (item['content'] as Body[]).map((part) => ({ annotations: [], logprobs: [], ...part }))
  return { type: 'message', id: 'msg_1', status: 'completed', ...item, content }
}

/** Where OpenAI's own schema is. */
function schema(definition: string, body: Body): string[] {
  return [against(definition, body, true)].filter((line) => line !== undefined)
}

interface Recorded {
  path: string
  body: Body
}

/** Requests to chat and Responses are the recordings'. One request of each other kind of ours, so that a clone without the recordings tests the same. */
const OWN: Recorded[] = [
  {
    path: '/v1/messages',
    body: {
      model: 'm',
      max_tokens: 100,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      thinking: { type: 'adaptive' },
      tools: [
        { name: 'read_file', input_schema: { $schema: 'x', type: 'object', properties: {} }, defer_loading: true },
      ],
      messages: [
        { role: 'user', content: 'List the files' },
        { role: 'system', content: 'Now.', output_config: { effort: 'low' } },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_1', name: 'read_file', input: {} }] },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: 'a.txt' }] },
      ],
    },
  },
  {
    path: '/v1beta/models/m:generateContent',
    body: {
      systemInstruction: { parts: [{ text: 'Be brief.' }] },
      tools: [
        { functionDeclarations: [{ name: 'read_file', parametersJsonSchema: { type: 'object', properties: {} } }] },
      ],
      contents: [
        { role: 'user', parts: [{ text: 'List the files' }] },
        {
          role: 'model',
          parts: [{ functionCall: { id: 'c1', name: 'read_file', args: {} }, thoughtSignature: 'c2ln' }],
        },
        { role: 'user', parts: [{ functionResponse: { id: 'c1', name: 'read_file', response: { output: 'a.txt' } } }] },
      ],
    },
  },
]

function recorded(): Recorded[] {
  if (!existsSync(FOLDER)) return []
  return readdirSync(FOLDER)
    .map((file) => JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Recorded)
    .filter((each) => read(each) !== undefined)
}

function read({ path: asked, body }: Recorded): ChatRequest | undefined {
  if (asked === '/v1/messages') return fromMessages(body)
  if (asked === '/v1/responses') return readResponsesRequest(body, [], false).chat
  if (asked === '/v1/chat/completions') {
    expect(checkChatRequest(body)).toBeUndefined()
    return parseChatRequest(body)
  }
  return asked.startsWith('/v1beta/') ? fromGenerateContent(body, 'm', false) : undefined
}

/** Texts and names that must reach the vendor. */
function words({ body }: Recorded): string[] {
  const found: string[] = []
  const walk = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const item of value as unknown[]) walk(item, key)
    else if (typeof value === 'object' && value !== null) {
      // thoughts go back to their own vendor alone
      if ('thought' in value && value.thought === true) return
      for (const [name, inner] of Object.entries(value)) if (!DEEP.has(name)) walk(inner, name)
    } else if (typeof value === 'string' && WORDS.has(key) && value.trim() !== '') found.push(value)
  }
  walk(body, '')
  return found
}
const WORDS = new Set(['text', 'content', 'name', 'system', 'instructions'])
const DEEP = new Set([
  'input_schema',
  'parameters',
  'parametersJsonSchema',
  'output_config',
  'generationConfig',
  'input',
  'args',
  // the name of a form
  'format',
])

/** By each API that has them. */
const FAILED: [string, ChatRequest][] = [
  [
    'messages',
    fromMessages({
      model: 'm',
      max_tokens: 9,
      top_k: 7,
      messages: [
        { role: 'user', content: 'Go' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'look', input: {} }] },
        {
          role: 'user',
          content: [{ type: 'tool_result', tool_use_id: 't1', content: 'no such file', is_error: true }],
        },
      ],
      tools: [{ name: 'look', input_schema: { type: 'object' } }],
    }),
  ],
  [
    'generateContent',
    fromGenerateContent(
      {
        generationConfig: { topK: 7.0 },
        contents: [
          { role: 'user', parts: [{ text: 'Go' }] },
          { role: 'model', parts: [{ functionCall: { name: 'look', args: {} } }] },
          { role: 'user', parts: [{ functionResponse: { name: 'look', response: { error: 'no such file' } } }] },
        ],
        tools: [{ functionDeclarations: [{ name: 'look' }] }],
      },
      'm',
      false,
    ),
  ],
]
const SAID: Record<string, RegExp> = {
  anthropic: /"is_error":true/,
  'bedrock-anthropic': /"is_error":true/,
  bedrock: /"status":"error"/,
  gemini: /"response":\{"error":/,
}
/** `top_k` as the wire has it; the others tell that they have none. */
const SIEVES: Record<string, RegExp> = {
  anthropic: /"top_k":7/,
  'bedrock-anthropic': /"top_k":7/,
  bedrock: /"additionalModelRequestFields":\{"top_k":7/,
  gemini: /"topK":7/,
  cohere: /"k":7/,
  ollama: /"options":\{[^}]*"top_k":7/,
  vllm: /"top_k":7/,
  openrouter: /"top_k":7/,
}

describe.each(FAILED)('a tool that failed, and top_k, by %s', (_, chat) => {
  it.each([...Object.keys(WIRES), 'vllm', 'openrouter'])('reach %s', (wire) => {
    const model = wire.includes('bedrock') ? 'anthropic.claude-sonnet-4-5-v1:0' : 'claude-sonnet-4-5'
    const target = { base_url: 'http://x', model, secret: 'k', headers: {} }
    const { request, warnings } = shipped(wire).encode(structuredClone(chat), target)
    const sent = String(request.body)
    expect(sent).toMatch(SAID[wire] ?? /error[^a-z]{1,9}no such file/i)
    const sieve = SIEVES[wire]
    if (sieve) expect(sent).toMatch(sieve)
    else expect(sent).not.toMatch(/top_?k/i)
    expect(warnings.filter((warning) => warning.startsWith('top_k'))).toHaveLength(sieve ? 0 : 1)
  })
})

describe.each([...OWN, ...recorded()])('a request to $path', (each) => {
  it.each(Object.entries(WIRES))('reaches %s whole', (wire, brokenRules) => {
    const chat = read(each)
    if (!chat) throw new Error('not read')
    const { request } = shipped(wire).encode(chat, { base_url: 'http://x', model: 'model', secret: 'k', headers: {} })
    const sent = String(request.body)
    expect(brokenRules(JSON.parse(sent) as Body, 'model')).toEqual([])
    for (const text of words(each)) expect(sent).toContain(JSON.stringify(text).slice(1, -1))
  })
})
