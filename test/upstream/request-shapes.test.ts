/* oxlint-disable unicorn/no-thenable -- the cases of a definition have a `then` */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { OPTION_FIELDS, type ChatRequest } from '../../src/chat/request.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import type { Encoded, Format } from '../../src/upstream/types.ts'
import type { FormatDefinition } from '../../src/upstream/format/format-definition.ts'
import { fillFrame, REQUEST_SHAPES } from '../../src/upstream/request/fields.ts'
import { compileFormat } from '../../src/upstream/format/format.ts'

const target = { base_url: 'https://x.example', model: 'm', secret: 'k', headers: {} }
const hello = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] }

/** With a watch the same templates serve every request. */
const unshaped = (name: string, definition: FormatDefinition): Format =>
  compileFormat(name, definition, () => () => undefined)

const FORMATS = shippedNames().map((name) => {
  const file = `src/formats/${name}.yaml`
  return { shaped: checkFormatFile(file), general: checkFormatFile(file, unshaped) }
})

const content = fc.oneof(
  fc.constantFrom('', ' ', 'Hello', 'a "b"'),
  fc.array(
    fc.constantFrom(
      { type: 'text', text: 'Look' },
      { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' } },
    ),
    { maxLength: 3 },
  ),
)
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }
const message = fc.oneof(
  fc.record({ role: fc.constantFrom('system', 'user', 'assistant', 'developer'), content }),
  fc.constantFrom(
    { role: 'assistant', content: null, tool_calls: [call, { ...call, id: 'call_2' }] },
    { role: 'tool', tool_call_id: 'call_1', content: 'found' },
    { role: 'assistant', content: 'x', refusal: 'no', reasoning_content: 'hm' },
  ),
)
const schema = { type: 'object', properties: { a: { type: 'string' } } }
const body = fc.record(
  {
    model: fc.constant('m'),
    messages: fc.array(message, { minLength: 1, maxLength: 4 }),
    tools: fc.constantFrom([{ type: 'function', function: { name: 'f', parameters: schema } }], [{ type: 'other' }]),
    tool_choice: fc.constantFrom('auto', 'none', 'required', { type: 'function', function: { name: 'f' } }),
    parallel_tool_calls: fc.boolean(),
    stream: fc.boolean(),
    max_tokens: fc.constantFrom(1, 5000),
    temperature: fc.constantFrom(0, 0.5, 2, null),
    top_p: fc.constantFrom(0.5, 1),
    stop: fc.constantFrom('a', [' ', 'b']),
    n: fc.constantFrom(1, 2),
    seed: fc.constantFrom(0, 7),
    user: fc.constantFrom('u', ''),
    logprobs: fc.boolean(),
    service_tier: fc.constantFrom('auto', 'default', 'priority'),
    response_format: fc.constantFrom(
      { type: 'json_object' },
      { type: 'json_schema', json_schema: { name: 'n', schema, strict: true } },
    ),
    reasoning_effort: fc.constantFrom('none', 'low', 'high', 'max'),
    metadata: fc.constantFrom({ user_id: 'u' }, {}),
    extra_body: fc.constantFrom(
      {},
      { thinking: { type: 'enabled', budget_tokens: 2000 }, top_k: 3 },
      { google: { thinking_config: { thinking_budget: 5 } } },
    ),
  },
  { requiredKeys: ['model', 'messages'] },
)
const model = fc.constantFrom(
  'm',
  'claude-3-7-sonnet',
  'claude-opus-4-1',
  'claude-sonnet-4-6',
  'gemini-2.5-pro',
  'gpt-5',
)

function outcome(encode: () => Encoded): unknown {
  try {
    return encode()
  } catch (cause) {
    return String(cause)
  }
}

describe('what is decided once a shape of request', () => {
  it('writes what the whole definition writes, in every format', () => {
    fc.assert(
      fc.property(body, model, fc.constantFrom(...FORMATS), (written, name, { shaped, general }) => {
        const request = (): ChatRequest => parseChatRequest(JSON.parse(JSON.stringify(written)))
        const to = { ...target, model: name }
        expect(outcome(() => shaped.encode(request(), to))).toEqual(outcome(() => general.encode(request(), to)))
      }),
      { numRuns: 3000 },
    )
  })

  it('serves more shapes than it remembers', () => {
    const names = ['temperature', 'top_p', 'seed', 'n', 'user', 'service_tier']
    const format = compileFormat('tested', {
      request: { path: '/x', body: Object.fromEntries(names.map((name) => [name, `$${name}`])) },
      response: [],
    })
    for (const _ of [1, 2]) {
      for (let bits = 0; bits < 64; bits++) {
        const given = Object.fromEntries(names.filter((_name, i) => bits & (1 << i)).map((name) => [name, name]))
        const request: ChatRequest = { ...parseChatRequest(hello), ...given }
        expect(JSON.parse(String(format.encode(request, target).request.body))).toEqual(given)
      }
    }
  })

  it('knows that a flag is not set, and that no extra field is there', () => {
    const body = {
      a: {
        $match: '$stream',
        cases: [
          { when: false, then: 'no' },
          { when: true, then: 'yes' },
        ],
      },
    }
    const format = compileFormat('tested', {
      request: { path: '/x', body: { ...body, b: '$extra.k', c: '$extra' } },
      response: [],
    })
    const written = (given: object): unknown =>
      JSON.parse(String(format.encode(parseChatRequest({ ...hello, ...given }), target).request.body))
    expect(written({})).toEqual({ a: 'no', c: {} })
    expect(written({ stream: true, extra_body: { k: 1 } })).toEqual({ a: 'yes', b: 1, c: { k: 1 } })
    expect(written({})).toEqual({ a: 'no', c: {} })
  })

  it('puts every field into the slot of its name', () => {
    const names = Object.keys(REQUEST_SHAPES)
    const options = Object.fromEntries(OPTION_FIELDS.map((name) => [name, `the ${name}`]))
    const fields = Object.fromEntries(names.map((name) => [name, `the ${name}`]))
    const request: ChatRequest = Object.assign(parseChatRequest(hello), fields, { options, extra: 'the extra' })
    const frame: unknown[] = []
    fillFrame(frame, request, { ...target, model: 'the model', secret: 'the key', max_output: 7 }, 'the traits')
    expect(frame).toEqual(names.map((name) => (name === 'max_output' ? 7 : `the ${name}`)))
  })
})
