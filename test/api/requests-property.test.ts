import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { GatewayError } from '../../src/chat/error.ts'

const odd = fc.oneof(
  fc.constantFrom(null, '', 0, -1, 1.5, true, [], {}, 'text', 'data:,', { toString: {} }),
  fc.jsonValue({ maxDepth: 2 }),
)
/** An object with some of its keys, each mostly what it should be. The first key is always there. */
const some = (shape: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record(
    Object.fromEntries(
      Object.entries(shape).map(([key, likely]) => [
        key,
        fc.oneof({ weight: 60, arbitrary: likely }, { weight: 1, arbitrary: odd }),
      ]),
    ),
    { requiredKeys: Object.keys(shape).slice(0, 1) },
  )
const list = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 3 })
const word = (...words: string[]) => fc.constantFrom(...words)

const part = some({
  type: word('text', 'image_url', 'input_audio', 'file', 'refusal', 'thinking', 'video_url'),
  text: fc.string(),
  image_url: some({ url: word('https://x', 'data:image/png;base64,AA', 'data:image/png') }),
  input_audio: some({ data: word('AAAA', 'data:audio/wav;base64,AA'), format: word('wav') }),
  file: some({
    file_data: word('AAAA', 'data:application/pdf;base64,AA'),
    file_id: word('file-1'),
    filename: word('a.pdf'),
  }),
  refusal: fc.string(),
  thinking: fc.string(),
})
const toolCall = some({
  id: word('a', 'b'),
  type: word('function', 'custom'),
  function: some({ name: word('f'), arguments: fc.oneof(fc.json(), fc.string()) }),
  custom: some({ name: word('g'), input: fc.string() }),
  extra_content: odd,
})
const message = some({
  role: word('system', 'developer', 'user', 'assistant', 'tool', 'function'),
  content: fc.oneof(fc.string(), list(part)),
  name: word('f'),
  tool_call_id: word('a', 'b'),
  tool_calls: list(toolCall),
  function_call: some({ name: word('f'), arguments: fc.json() }),
  reasoning_details: list(
    some({
      type: word('reasoning.text'),
      text: fc.string(),
      signature: fc.string(),
      data: fc.string(),
      index: fc.nat(2),
    }),
  ),
  thinking_blocks: list(
    some({ type: word('thinking', 'redacted_thinking'), thinking: fc.string(), data: fc.string() }),
  ),
  reasoning_content: fc.string(),
})
const tool = some({
  type: word('function', 'custom', 'web_search'),
  function: some({ name: word('f'), parameters: fc.constant({ type: 'object' }) }),
  custom: some({
    name: word('g'),
    format: some({ type: word('grammar'), grammar: some({ syntax: word('lark'), definition: fc.string() }) }),
  }),
})
const body = some({
  messages: fc.array(message, { minLength: 1, maxLength: 4 }),
  tools: list(tool),
  tool_choice: fc.oneof(
    word('auto', 'none'),
    some({
      type: word('function', 'allowed_tools'),
      function: some({ name: word('f') }),
      allowed_tools: some({ mode: word('auto'), tools: list(tool) }),
    }),
  ),
  functions: list(some({ name: word('f') })),
  function_call: fc.oneof(word('auto'), some({ name: word('f') })),
  response_format: some({
    type: word('json_schema', 'json_object'),
    json_schema: some({ name: word('n'), schema: fc.constant({}) }),
  }),
  stop: fc.oneof(fc.string(), list(fc.string())),
  extra_body: odd,
  stream_options: some({ include_usage: fc.boolean() }),
})

test('however odd a body is, it is parsed or refused with a reason, and never changed', () => {
  let taken = 0
  fc.assert(
    fc.property(body, (fields) => {
      const wire = { model: 'm', ...fields }
      const before = JSON.stringify(wire)
      try {
        const refused = checkChatRequest(wire)
        if (refused !== undefined) throw refused
        const request = parseChatRequest(wire)
        taken++
        for (const { role, content, tool_call_id, tool_calls } of request.messages) {
          expect(content.some((each) => each.type === 'text' && each.text === '')).toBe(false)
          if (role === 'tool') expect(tool_call_id).toBeTypeOf('string')
          for (const call of tool_calls ?? [])
            expect([typeof call.id, typeof call.name, typeof call.arguments]).toEqual(['string', 'string', 'object'])
        }
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error
        expect([error.status, error.kind]).toEqual([400, 'invalid_request'])
      }
      expect(JSON.stringify(wire)).toBe(before)
    }),
    { numRuns: 2000 },
  )
  expect(taken).toBeGreaterThan(100)
})
