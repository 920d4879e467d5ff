/** Whatever conversation a client sends, the vendor's rules are kept, and nothing is lost without a word. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import * as anthropic from './anthropic/rules.ts'
import { shipped, type Body } from './cases.ts'
import * as gemini from './gemini/rules.ts'
import * as openai from './openai/rules.ts'

const FORMATS: Record<string, { models: string[]; brokenRules: (body: Body, model: string) => string[] }> = {
  openai: { models: ['gpt-4.1', 'gpt-5', 'gpt-5.1', 'o4-mini'], brokenRules: openai.brokenRules },
  anthropic: {
    models: ['claude-3-5-haiku', 'claude-opus-4-1', 'claude-sonnet-4-5', 'claude-opus-4-6', 'claude-opus-4-8'],
    brokenRules: anthropic.brokenRules,
  },
  gemini: {
    models: [
      'gemini-2.0-flash',
      'gemini-2.5-flash',
      'gemini-2.5-pro',
      'gemini-3-flash-preview',
      'gemini-3-pro-preview',
    ],
    brokenRules: gemini.brokenRules,
  },
}

const text = fc.constantFrom('', ' ', '\n\n', 'Hi', 'Hi ', 'Grüße 🙂', '$model')
const part = fc.oneof(
  text.map((said) => ({ type: 'text', text: said })),
  fc.constantFrom(
    { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
    { type: 'image_url', image_url: { url: 'https://example.com/a.png' } },
    { type: 'file', file: { file_data: 'data:application/pdf;base64,JVBERi0=' } },
  ),
)
const said = fc.oneof(text, fc.array(part, { maxLength: 3 }))
const id = fc.constantFrom('call_a', 'call_b', 'call_c', 'functions.f:0', 'functions_f0', 'x'.repeat(80))
const toolName = fc.constantFrom('f', 'g')
const args = fc.constantFrom('{}', '', '{"a":1}', 'no JSON', '[1]', 'null', '"{\\"a\\":1}"')

/** Calls of one answer, and their results in any order, instructions among them. */
const round = fc
  .record({
    calls: fc.uniqueArray(fc.record({ id, name: toolName, args }), {
      minLength: 1,
      maxLength: 3,
      selector: (call) => call.id,
    }),
    content: fc.oneof(fc.constant(null), text),
    seed: fc.integer(),
    interlude: fc.boolean(),
    results: fc.array(fc.oneof(text, fc.constant('{"a":1}'), fc.constant('[1]')), { minLength: 3, maxLength: 3 }),
  })
  .map(({ calls, content, seed, interlude, results }) => {
    const answers = calls.map((call, i) => ({ role: 'tool', tool_call_id: call.id, content: results[i] }))
    const shuffled = answers.toSorted(
      (a, b) => ((a.tool_call_id.length * seed) % 7) - ((b.tool_call_id.length * seed) % 7),
    )
    const between = interlude ? [{ role: 'system', content: 'Be brief.' }] : []
    const tool_calls = calls.map((call) => ({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.args },
    }))
    return [{ role: 'assistant', content, tool_calls }, ...between, ...shuffled] as Body[]
  })

const turn = fc.oneof(
  { weight: 3, arbitrary: said.map((content): Body[] => [{ role: 'user', content }]) },
  {
    weight: 2,
    arbitrary: fc.oneof(text, fc.constant(null)).map((content): Body[] => [{ role: 'assistant', content }]),
  },
  { weight: 1, arbitrary: text.map((content): Body[] => [{ role: 'system', content }]) },
  { weight: 1, arbitrary: fc.constant<Body[]>([{ role: 'assistant', content: null, refusal: 'No.' }]) },
  // a call is asked for by somebody
  { weight: 2, arbitrary: round.map((messages): Body[] => [{ role: 'user', content: 'Call it.' }, ...messages]) },
)

const schema = fc.letrec<{ node: Body }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom<Body>(
      { type: 'string', minLength: 1, format: 'uri' },
      { type: ['integer', 'null'], minimum: 1, exclusiveMaximum: 5 },
      { enum: ['a', 1, null] },
      { const: true },
      { $ref: '#/$defs/Node' },
      { $ref: '#/$defs/Missing' },
      { type: 'array' },
      {},
    ),
    tie('node').map((items): Body => ({ type: 'array', items, uniqueItems: true })),
    fc
      .array(tie('node'), { minLength: 1, maxLength: 2 })
      .map((anyOf): Body => ({ anyOf: [...anyOf, { type: 'null' }] })),
    fc.array(tie('node'), { minLength: 1, maxLength: 2 }).map((oneOf): Body => ({ oneOf })),
    fc.array(tie('node'), { minLength: 1, maxLength: 2 }).map((allOf): Body => ({ allOf })),
    fc
      .record({ a: tie('node'), $ref: tie('node') }, { requiredKeys: [] })
      .map((properties): Body => ({ type: 'object', properties, required: ['a', 'ghost'], additionalProperties: {} })),
  ),
})).node
const root = fc.record({ a: schema, b: schema }, { requiredKeys: [] }).map((properties): Body => ({
  type: 'object',
  properties,
  $defs: { Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' } } } },
}))
const choices = fc
  .tuple(fc.constantFrom('anyOf', 'oneOf', 'allOf'), fc.array(root, { minLength: 1, maxLength: 2 }))
  .map(([word, branches]): Body => ({ [word]: branches, $defs: { Node: { type: 'object', properties: {} } } }))
const tool = (name: string): fc.Arbitrary<Body> =>
  fc
    .record(
      { parameters: fc.oneof({ weight: 4, arbitrary: root }, { weight: 1, arbitrary: choices }), strict: fc.boolean() },
      { requiredKeys: [] },
    )
    .map((more) => ({
      type: 'function',
      function: { name, ...more },
    }))

const choice = fc.constantFrom<unknown>(
  'auto',
  'none',
  'required',
  { type: 'function', function: { name: 'f' } },
  {
    type: 'allowed_tools',
    allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] },
  },
)
const options = fc.record(
  {
    tools: fc.oneof(fc.constant([]), fc.tuple(tool('f'), tool('g'))),
    tool_choice: choice,
    parallel_tool_calls: fc.boolean(),
    max_tokens: fc.constantFrom(1, 500, 200_000),
    max_completion_tokens: fc.constantFrom(1, 500, 200_000),
    temperature: fc.constantFrom(0, 0.5, 2, null),
    top_p: fc.constantFrom(0.5, 1),
    stop: fc.constantFrom<unknown>('END', ['\n'], ['a', ' '], [], null),
    reasoning_effort: fc.constantFrom('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'),
    response_format: fc.oneof(
      fc.constant<Body>({ type: 'json_object' }),
      root.map((each): Body => ({ type: 'json_schema', json_schema: { name: 'x', schema: each } })),
    ),
    stream: fc.boolean(),
    user: fc.constant('u'),
    seed: fc.constant(1),
    presence_penalty: fc.constantFrom(0, 1),
    logprobs: fc.constant(true),
  },
  { requiredKeys: [] },
)

describe.each(Object.entries(FORMATS))('%s', (name, { models, brokenRules }) => {
  const format = shipped(name)
  const target = { base_url: '', secret: 'k', headers: {} }

  test('keeps the rules', () => {
    const client = fc.record({
      turns: fc.array(turn, { minLength: 1, maxLength: 5 }),
      options,
      model: fc.constantFrom(...models),
    })
    const check = fc.property(client, ({ turns, options: { tool_choice, ...fields }, model }) => {
      const body: Body = { model: 'm', ...fields, messages: turns.flat() }
      // who names a tool tells tools
      if (typeof tool_choice !== 'object' || fields.tools?.length) body['tool_choice'] = tool_choice
      expect(checkChatRequest(body)).toBeUndefined()
      const before = JSON.stringify(body)
      const { request, warnings } = format.encode(parseChatRequest(body), { ...target, model })
      expect(brokenRules(JSON.parse(String(request.body)) as Body, model)).toEqual([])
      expect(JSON.stringify(body)).toBe(before)
      expect(new Set(warnings).size).toBe(warnings.length)
    })
    fc.assert(check, { numRuns: 400 })
  })
})
