/** A value of another kind at each place of each door's request: an answer, or the client's fault in the door's own shape. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../../end-to-end/gateway.ts'
import { isLong, PATIENCE } from '../../fuzz/effort.ts'
import { HOSTILE, mustRead, NO_TEXT, places, planted, shown } from '../../fuzz/hostile-values.ts'
import { startVendor, type Vendor } from '../vendor.ts'
import { DOORS, type Door } from './doors.ts'
import { answerWell } from './faults.ts'
import { WIRES } from './wires.ts'

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const PNG = 'iVBORw0KGgo='

/** A request that has much of what the API knows. */
const BODIES: Record<string, Record<string, unknown>> = {
  chat: {
    model: 'text/m',
    stream_options: { include_usage: true },
    tools: [{ type: 'function', function: { name: 'f', parameters: SCHEMA } }],
    response_format: { type: 'json_schema', json_schema: { name: 'n', schema: SCHEMA } },
    stop: ['a'],
    messages: [
      { role: 'system', content: 'Hi' },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } }] },
      { role: 'assistant', tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'c', content: 'r' },
    ],
  },
  completions: {
    model: 'text/m',
    prompt: ['Hi'],
    suffix: 'x',
    echo: true,
    logprobs: 1,
    stop: ['a'],
    n: 1,
    stream_options: {},
  },
  messages: {
    model: 'text/m',
    max_tokens: 5,
    system: [{ type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }],
    thinking: { type: 'enabled', budget_tokens: 1024 },
    metadata: { user_id: 'u' },
    tools: [{ name: 'f', input_schema: SCHEMA }],
    tool_choice: { type: 'tool', name: 'f', disable_parallel_tool_use: true },
    messages: [
      {
        role: 'user',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } }],
      },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'Hm', signature: 's' },
          { type: 'tool_use', id: 'c', name: 'f', input: {} },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'text', text: 'r' }] }] },
    ],
  },
  responses: {
    model: 'text/m',
    store: false,
    instructions: 'Hi',
    reasoning: { effort: 'low', summary: 'auto' },
    text: { format: { type: 'json_schema', name: 'n', schema: SCHEMA } },
    include: ['reasoning.encrypted_content'],
    tools: [{ type: 'function', name: 'f', parameters: SCHEMA }],
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Hi' },
          { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
        ],
      },
      { type: 'reasoning', id: 'rs', summary: [{ type: 'summary_text', text: 'Hm' }], encrypted_content: 'e' },
      { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c', output: 'r' },
    ],
  },
  generateContent: {
    systemInstruction: { parts: [{ text: 'Hi' }] },
    tools: [{ functionDeclarations: [{ name: 'f', parameters: SCHEMA }] }],
    toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['f'] } },
    generationConfig: {
      maxOutputTokens: 5,
      stopSequences: ['a'],
      responseSchema: SCHEMA,
      thinkingConfig: { thinkingBudget: 5 },
    },
    contents: [
      { role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: PNG } }] },
      { role: 'model', parts: [{ functionCall: { id: 'c', name: 'f', args: {} }, thoughtSignature: 'cw==' }] },
      { role: 'user', parts: [{ functionResponse: { id: 'c', name: 'f', response: { r: 1 } } }] },
    ],
  },
  'ollama chat': {
    model: 'text/m',
    think: 'low',
    format: SCHEMA,
    keep_alive: '5m',
    options: { num_predict: 5, temperature: 0.5, stop: ['a'], top_k: 3 },
    tools: [{ type: 'function', function: { name: 'f', parameters: SCHEMA } }],
    messages: [
      { role: 'user', content: 'Hi', images: [PNG] },
      { role: 'assistant', thinking: 'Hm', tool_calls: [{ function: { name: 'f', arguments: {} } }] },
      { role: 'tool', tool_name: 'f', content: 'r' },
    ],
  },
  'ollama generate': {
    model: 'text/m',
    prompt: 'Hi',
    system: 'x',
    suffix: 'y',
    raw: false,
    format: 'json',
    images: [PNG],
    context: [1],
    options: { num_predict: 5, seed: 1 },
  },
  embeddings: {
    model: 'vectors/m',
    input: ['Hi'],
    dimensions: 2,
    encoding_format: 'float',
    user: 'u',
    extra_body: { a: 1 },
  },
  'ollama embed': { model: 'vectors/m', input: ['Hi'], dimensions: 2, truncate: true, options: {}, keep_alive: 0 },
}

let vendor: Vendor
let gateway: TestGateway
beforeAll(async () => {
  vendor = await startVendor((call) =>
    answerWell({ ...call, wire: call.path.endsWith('/embeddings') ? WIRES.embeddings : WIRES.openai }),
  )
  const provider = { format: 'openai', base_url: vendor.url, keys: ['secret-1'] }
  gateway = await startGateway({
    providers: { text: provider, vectors: provider },
    server: { ollama: true, heartbeat: 0 },
  })
})
afterAll(async () => {
  await gateway.close()
  await vendor.close()
})

/** Values at each place: a few in turn, and the one that finds most; all in `npm run fuzz`. */
const FEW = 3
let turn = 0
const valuesHere = (): readonly unknown[] =>
  isLong ? HOSTILE : [NO_TEXT, ...Array.from({ length: FEW }, () => HOSTILE[turn++ % HOSTILE.length])]

const AT_ONCE = 16

describe.each(Object.entries(DOORS))('%s', (name, door: Door) => {
  it('takes or refuses any value at any place', { timeout: PATIENCE }, async () => {
    const body = BODIES[name] ?? {}
    const tried = places(body).flatMap((at) => valuesHere().map((value) => ({ at, value })))
    const faults: string[] = []
    const work = async (): Promise<void> => {
      for (let each = tried.pop(); each !== undefined; each = tried.pop()) {
        const stream = door.streams && turn++ % 2 === 0
        const path = door.path('text/m', stream)
        const sent = planted(
          { ...body, ...(door.body('', stream)['stream'] !== undefined && { stream }) },
          each.at,
          each.value,
        )
        const response = await fetch(gateway.url + path, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(sent),
        })
        const raw = await response.text()
        try {
          expect(response.status).toBeLessThan(500)
          if (response.status < 400) continue
          mustRead(raw)
          expect(raw).not.toContain('secret-')
          expect(JSON.parse(raw)).toEqual(door.refusal(response.status))
        } catch (error) {
          faults.push(
            `${shown(each.at, each.value)}: ${response.status} ${raw.slice(0, 200)} ${String(error).split('\n', 1)[0]}`,
          )
        }
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    expect(faults).toEqual([])
  })
})
