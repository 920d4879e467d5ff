/** Recorded requests of real agents, over every kind of upstream wire: each format writes them, and loses neither words nor tools. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { toChat as fromGenerateContent } from '../../src/api/generate-content/request.ts'
import { toChat as fromMessages } from '../../src/api/messages/request.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { shipped, type Body } from '../formats/cases.ts'

const FOLDER = path.join(import.meta.dirname, '../../../shared/agents/recorded')
if (!existsSync(FOLDER)) console.warn('skipped: the recorded agents are not beside this checkout (../shared)')

const WIRES = ['openai', 'groq', 'anthropic', 'bedrock-anthropic', 'gemini', 'bedrock', 'cohere', 'mistral', 'ollama']

interface Recorded {
  path: string
  body: Body
}

/** One request of each kind of ours, so that a clone without the recordings tests the same. */
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
const WORDS = new Set(['text', 'content', 'name', 'system'])
const DEEP = new Set([
  'input_schema',
  'parameters',
  'parametersJsonSchema',
  'output_config',
  'generationConfig',
  'input',
  'args',
])

describe.each([...OWN, ...recorded()])('a request to $path', (each) => {
  it.each(WIRES)('reaches %s whole', (wire) => {
    const chat = read(each)
    if (!chat) throw new Error('not read')
    const { request } = shipped(wire).encode(chat, { base_url: 'http://x', model: 'model', secret: 'k', headers: {} })
    const sent = String(request.body)
    for (const text of words(each)) expect(sent).toContain(JSON.stringify(text).slice(1, -1))
  })
})
