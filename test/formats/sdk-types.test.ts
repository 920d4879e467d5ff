/** Every body that a case sends has the type that the vendor's own SDK gives to a request; one run of the compiler judges them all. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { clientBody } from '../../src/format-tools/cases/run-case.ts'
import { echoed } from '../drift/echo.ts'
import { sentBodies, type Body, type SentBody } from './cases.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** How a body of each format is typed; the type is named `Request`. */
const TYPES: Record<string, string> = {
  openai: `import type { ChatCompletionCreateParams as Request } from 'openai/resources/chat/completions'`,
  anthropic: `import type { MessageCreateParams as Request } from '@anthropic-ai/sdk/resources/messages'`,
  // The SDK takes its own form of a request; the wire is put together of the types that it hands on as they are. Its
  // enums are words in upper case, which the wire takes in either case, and its 64-bit numbers texts.
  gemini: `
import type { Content, GenerationConfig, SafetySetting, ThinkingConfig, Tool, ToolConfig } from '@google/genai'
type Int64 = 'minLength' | 'maxLength' | 'minItems' | 'maxItems' | 'minProperties' | 'maxProperties'
type Wire<T> = T extends string
  ? \`\${T}\` | Lowercase<\`\${T}\`>
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Key extends Int64 ? number | string : Wire<T[Key]> }
      : T
// the level xhigh, and tiers, are newer than these types
type Thinking = Omit<ThinkingConfig, 'thinkingLevel'> & { thinkingLevel?: ThinkingConfig['thinkingLevel'] | 'XHIGH' }
type Request = Wire<{
  contents: Content[]
  systemInstruction?: Omit<Content, 'role'>
  tools?: Tool[]
  toolConfig?: ToolConfig
  safetySettings?: SafetySetting[]
  generationConfig?: Omit<GenerationConfig, 'thinkingConfig'> & { thinkingConfig?: Thinking }
  serviceTier?: 'flex' | 'standard' | 'priority'
  cachedContent?: string
}>`,
  // The model is in the path, and bytes are base64 on the wire.
  bedrock: `
import type { ConverseCommandInput } from '@aws-sdk/client-bedrock-runtime'
type Wire<T> = T extends Uint8Array
  ? string
  : T extends (infer Item)[]
    ? Wire<Item>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T
type Request = Omit<Wire<ConverseCommandInput>, 'modelId'>`,
  // Two SDKs write camelCase in the client's code; the types of what they put on the wire are beside. One of them writes
  // the defaults of some fields out.
  cohere: `
import type { V2ChatRequest } from './node_modules/cohere-ai/dist/serialization/resources/v2/client/requests/V2ChatRequest.js'
type Request = V2ChatRequest.Raw & { stream?: boolean }`,
  mistral: `
import type { ChatCompletionRequest$Outbound } from './node_modules/@mistralai/mistralai/esm/models/components/chatcompletionrequest.js'
type Defaulted = 'prefix' | 'index' | 'stream' | 'strict' | 'description' | 'closed'
type Wire<T> = T extends (infer Item)[]
  ? Wire<Item>[]
  : T extends object
    ? { [Key in keyof T as Key extends Defaulted ? never : Key]: Wire<T[Key]> } & { [Key in keyof T as Key extends Defaulted ? Key : never]?: T[Key] }
    : T
type Request = Wire<ChatCompletionRequest$Outbound>`,
  // Ids of calls and `truncate` are newer than the SDK's types, and its tools know no schema but the simplest.
  ollama: `
import type { ChatRequest, Message, Tool, ToolCall } from 'ollama'
type Called = Omit<Message, 'tool_calls'> & { tool_call_id?: string; tool_calls?: (ToolCall & { id?: string })[] }
type Offered = Omit<Tool, 'function'> & {
  function: Omit<Tool['function'], 'parameters'> & { parameters?: Record<string, unknown> }
}
type Request = Omit<ChatRequest, 'messages' | 'tools'> & { messages?: Called[]; tools?: Offered[]; truncate?: boolean }`,
}

/** What the newest models refuse, and the SDK's types with them, while older ones take it. */
const UNTYPED: Record<string, string[]> = { anthropic: ['temperature', 'top_p', 'top_k'] }

/** Messages that are the client's own affair: this format hands them on as they came. */
const OWN_RISK = [
  'openai: a part of an unknown kind',
  'openai: a result with an image',
  'openai: a tool of the vendor itself',
]

/** Bodies that the types must refuse, so that a compiler that says yes to everything is found out. */
const WRONG: Record<string, Body> = {
  openai: { model: 'm', messages: [{ role: 'tool', content: 'no id' }] },
  anthropic: { model: 'm', messages: [] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 1 }] }] },
  bedrock: { messages: [{ role: 'user', content: [{ text: 1 }] }] },
  cohere: { model: 'm', messages: [{ role: 'tool', content: 'no id' }] },
  mistral: { model: 'm', messages: [{ role: 'nobody', content: 'x' }] },
  ollama: { model: 'm', messages: [{ role: 'user', content: 1 }] },
}

const folder = mkdtempSync(join(tmpdir(), 'sdk-types-'))
/** Faults by the name of the case: `format: name`. */
const faults = new Map<string, string[]>()

beforeAll(async () => {
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const lines = new Map<string, string>()
  for (const [format, types] of Object.entries(TYPES)) {
    const source = [types, '']
    const add = (name: string, body: Body): void => {
      source.push(`void (${JSON.stringify(body)} satisfies Request)`)
      lines.set(`${format}.ts:${source.join('\n').split('\n').length}`, `${format}: ${name}`)
    }
    for (const sent of sentBodies(format)) add(sent.name, typed(format, sent))
    for (const { name, body } of echoed(format)) add(name, format === 'openai' ? withoutAnnotations(body) : body)
    add('wrong', WRONG[format] ?? {})
    writeFileSync(join(folder, `${format}.ts`), source.join('\n'))
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--types',
    'node',
  ]
  const files = Object.keys(TYPES).map((format) => `${format}.ts`)
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const output = await promisify(execFile)(tsc, [...options, '--pretty', 'false', ...files], { cwd: folder }).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string; message: string }) => error.stdout ?? error.message,
  )
  let current = ''
  for (const line of output.split('\n').filter(Boolean)) {
    const place = /^(\w+\.ts)\((\d+),\d+\): (.*)/.exec(line)
    if (place) current = lines.get(`${place[1]}:${place[2]}`) ?? line
    faults.set(current, [...(faults.get(current) ?? []), place?.[3] ?? line])
  }
}, 120_000)

afterAll(() => rmSync(folder, { recursive: true }))

/** Fields of the vendor's own that its types know: a client that sends one means it. */
const TYPED = new Set(['thinking', 'safetySettings', 'generationConfig', 'cachedContent'])

/** Without fields that the client sent at its own risk, and those that the SDK's types no longer know. */
function typed(format: string, { each, body }: SentBody): Body {
  const own = Object.keys(parseChatRequest(clientBody(each)).extra).filter(
    (key) => format === 'openai' || !TYPED.has(key),
  )
  const left = new Set([...own, ...(UNTYPED[format] ?? [])])
  return Object.fromEntries(Object.entries(body).filter(([key]) => !left.has(key)))
}

/** OpenAI takes its own answers back with them, and its types do not say so. */
function withoutAnnotations({ messages, ...body }: Body): Body {
  return { ...body, messages: (messages as Body[]).map(({ annotations: _annotations, ...message }) => message) }
}

test.each(Object.keys(TYPES))('the types of %s refuse a wrong body', (format) => {
  expect(faults.get(`${format}: wrong`)).toBeDefined()
})

test.each(Object.keys(TYPES))('the types of %s take each body that is sent', (format) => {
  const wrong = [...faults].filter(
    ([name]) => name.startsWith(`${format}: `) && name !== `${format}: wrong` && !OWN_RISK.includes(name),
  )
  expect(wrong).toEqual([])
})

test('the compiler had nothing else to say', () => {
  expect(
    [...faults.keys()].filter((name) => !Object.keys(TYPES).some((format) => name.startsWith(`${format}: `))),
  ).toEqual([])
})
