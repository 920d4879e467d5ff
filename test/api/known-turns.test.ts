/** What a vendor hears of a conversation whose turns are known by their bytes is what it hears of any other. */
import { describe, expect, it } from 'vitest'
import { toChat as fromGenerateContent } from '../../src/api/generate-content/request.ts'
import { completed, createKnownParts } from '../../src/api/http/known/known-parts.ts'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { toChat as fromMessages } from '../../src/api/messages/request.ts'
import { readResponsesRequest } from '../../src/api/responses/request.ts'
import type { ChatRequest } from '../../src/chat/request.ts'
import { estimateInput } from '../../src/gateway/estimate.ts'
import { shipped, type Body } from '../formats/cases.ts'

const WIRES = ['openai', 'groq', 'anthropic', 'gemini', 'bedrock', 'cohere', 'mistral', 'ollama', 'openai-responses']
const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const long = (text: string): string => `${text} "é"\n`.repeat(90)

const READ: Record<string, (body: Body) => ChatRequest> = {
  chat: parseChatRequest,
  messages: fromMessages,
  responses: (body) => readResponsesRequest(body, [], false).chat,
  generateContent: (body) => fromGenerateContent(body, 'm', false),
}

/** A conversation of so many turns, in each API: thoughts, two calls at once of which one failed, a picture, marks of the cache. */
const BODIES: Record<string, (turns: number) => Body> = {
  chat: (turns) => ({
    model: 'm',
    messages: [
      { role: 'developer', content: 'Be brief.' },
      ...times(turns, (n) => [
        {
          role: 'user',
          content: [{ type: 'text', text: long(`Look ${n}`), cache_control: { type: 'ephemeral' } }, picture()],
        },
        {
          role: 'assistant',
          content: null,
          reasoning_content: `Thought ${n}`,
          tool_calls: ['a', 'b'].map((name, i) => ({
            id: `call ${n}.${i}`,
            type: 'function',
            function: { name: `look.${name}`, arguments: `{"n":${n}}` },
          })),
        },
        { role: 'tool', tool_call_id: `call ${n}.1`, content: long('found') },
        { role: 'tool', tool_call_id: `call ${n}.0`, content: 'lost', is_error: true },
        { role: 'assistant', content: `Done ${n}`, refusal: null },
      ]),
      { role: 'user', content: 'And now?' },
    ],
    tools: ['look.a', 'look.b'].map((name) => ({
      type: 'function',
      function: { name, description: long(name), parameters: { type: 'object', properties: {} } },
    })),
  }),
  messages: (turns) => ({
    model: 'm',
    max_tokens: 100,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      ...times(turns, (n) => [
        { role: 'user', content: [{ type: 'text', text: long(`Look ${n}`) }, image()] },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: `Thought ${n}`, signature: 'c2ln' },
            { type: 'text', text: 'I look.' },
            { type: 'tool_use', id: `toolu_${n}_0`, name: 'look', input: { n } },
            { type: 'tool_use', id: `toolu_${n}_1`, name: 'look', input: {} },
          ],
        },
        {
          role: 'user',
          content: [
            {
              type: 'tool_result',
              tool_use_id: `toolu_${n}_1`,
              content: [{ type: 'text', text: long('found') }, image()],
            },
            { type: 'tool_result', tool_use_id: `toolu_${n}_0`, content: 'lost', is_error: true },
            { type: 'text', text: 'Go on.', cache_control: { type: 'ephemeral' } },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'server_tool_use', id: `s${n}`, name: 'web_search', input: {} },
            { type: 'text', text: 'Done' },
          ],
        },
      ]),
      { role: 'user', content: 'And now?' },
    ],
    tools: [
      { name: 'look', description: long('look'), input_schema: { type: 'object', properties: {} } },
      { type: 'web_search_20250305', name: 'web_search' },
    ],
  }),
  responses: (turns) => ({
    model: 'm',
    instructions: 'Be brief.',
    input: [
      ...times(turns, (n) => [
        { role: 'user', content: [{ type: 'input_text', text: long(`Look ${n}`) }] },
        { type: 'function_call', call_id: `call_${n}`, name: 'look', arguments: `{"n":${n}}` },
        { type: 'function_call_output', call_id: `call_${n}`, output: long('found') },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: `Done ${n}`, annotations: [] }] },
      ]),
      { role: 'user', content: 'And now?' },
    ],
    tools: [
      { type: 'function', name: 'look', description: long('look'), parameters: { type: 'object', properties: {} } },
    ],
  }),
  generateContent: (turns) => ({
    contents: [
      ...times(turns, (n) => [
        { role: 'user', parts: [{ text: long(`Look ${n}`) }] },
        { role: 'model', parts: [{ functionCall: { name: 'look', args: { n } }, thoughtSignature: 'c2ln' }] },
        { role: 'user', parts: [{ functionResponse: { name: 'look', response: { error: long('lost') } } }] },
        { role: 'model', parts: [{ text: `Done ${n}` }] },
      ]),
      { role: 'user', parts: [{ text: 'And now?' }] },
    ],
    tools: [{ functionDeclarations: [{ name: 'look', description: long('look') }] }],
  }),
}

/** What is shared with other requests is changed by none. */
function frozen<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const each of Object.values(value)) frozen(each as unknown)
  return Object.freeze(value)
}

function times(count: number, make: (n: number) => Body[]): Body[] {
  return Array.from({ length: count }, (_, n) => make(n)).flat()
}

function picture(): Body {
  return { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } }
}

function image(): Body {
  return { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } }
}

/** What is sent, and what the client is told of it; a refusal's words. */
function heard(wire: string, chat: ChatRequest): unknown {
  const target = { base_url: 'http://x', model: 'claude-sonnet-4-5', secret: 'k', headers: {} }
  try {
    const { request, warnings } = shipped(wire).encode(chat, target)
    return { ...request, body: JSON.parse(Buffer.from(request.body).toString()) as unknown, warnings }
  } catch (fault) {
    return String(fault)
  }
}

describe.each(Object.keys(BODIES))('turns of %s that came before', (api) => {
  const [read, body] = [READ[api], BODIES[api]] as [(body: Body) => ChatRequest, (turns: number) => Body]

  it('mean the same, to every vendor', () => {
    const known = createKnownParts((learn) => learn())
    let wasKnown = 0
    for (const turns of [4, 4, 4, 6, 6, 5, 9, 9, 9]) {
      const json = Buffer.from(JSON.stringify(body(turns)))
      const found = known.read(json)
      const again = found ? completed(found) : (JSON.parse(json.toString()) as Body)
      known.learn(json, again, found)
      if (found?.history && found.tools) wasKnown++
      const chat = read(frozen(again))
      const plain = read(JSON.parse(json.toString()) as Body)
      expect(chat).toEqual(plain)
      // sums of parts, rounded up
      expect(Math.abs(estimateInput(chat) - estimateInput(plain))).toBeLessThanOrEqual(1)
      for (const wire of WIRES) expect(heard(wire, chat), wire).toEqual(heard(wire, plain))
    }
    expect(wasKnown).toBe(7)
  })
})
