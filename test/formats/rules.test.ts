/** Every body that a case sends keeps the vendor's documented rules, and the rules can be broken. */
import { describe, expect, test } from 'vitest'
import * as anthropic from './anthropic/rules.ts'
import { sentBodies, type Body } from './cases.ts'
import * as gemini from './gemini/rules.ts'
import * as openai from './openai/rules.ts'

const RULES: Record<string, (body: Body, model: string) => string[]> = {
  openai: openai.brokenRules,
  anthropic: anthropic.brokenRules,
  gemini: gemini.brokenRules,
}

/** Fields that a client may send at its own risk: they reach the vendor as they are. */
const OWN_RISK = /^(vendor_field|anthropic_beta_field)\b/

describe.each(Object.entries(RULES))('%s', (format, brokenRules) => {
  test.each(sentBodies(format).map((sent) => [sent.name, sent] as const))('%s', (_, { each, body }) => {
    expect(brokenRules(body, each.model ?? '').filter((line) => !OWN_RISK.test(line))).toEqual([])
  })
})

describe('a body that breaks a rule is caught', () => {
  const hi = [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }]
  const use = { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'f', input: {} }] }
  const claude = { model: 'claude-sonnet-4-5', max_tokens: 10, messages: hi }
  test.each<[string, Body]>([
    ['at least one', { ...claude, messages: [] }],
    ['max_tokens: required', { ...claude, max_tokens: undefined }],
    ['more than claude-sonnet-4-5', { ...claude, max_tokens: 99_999 }],
    ['in a row', { ...claude, messages: [...hi, ...hi] }],
    ['blank text', { ...claude, messages: [{ role: 'user', content: [{ type: 'text', text: ' ' }] }] }],
    ['no result of a', { ...claude, messages: [...hi, use, ...hi] }],
    [
      'stands before',
      {
        ...claude,
        messages: [
          ...hi,
          use,
          {
            role: 'user',
            content: [
              { type: 'text', text: 'x' },
              { type: 'tool_result', tool_use_id: 'a' },
            ],
          },
        ],
      },
    ],
    ['temperature: 0 to 1', { ...claude, temperature: 1.5 }],
    ['one of the two', { ...claude, temperature: 1, top_p: 1 }],
    ['less than max_tokens', { ...claude, thinking: { type: 'enabled', budget_tokens: 2000 } }],
    ['no field', { ...claude, n: 2 }],
  ])('anthropic: %s', (rule, body) => {
    expect(anthropic.brokenRules(body).join('\n')).toContain(rule)
  })

  const ask = { role: 'user', parts: [{ text: 'Hi' }] }
  const call = { role: 'model', parts: [{ functionCall: { name: 'f', args: {} } }] }
  const result = { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] }
  const tool = (parameters: Body): Body => ({
    contents: [ask],
    tools: [{ functionDeclarations: [{ name: 'f', parameters }] }],
  })
  test.each<[string, Body]>([
    ['at least one', { contents: [] }],
    ['in a row', { contents: [ask, ask] }],
    ['empty text', { contents: [{ role: 'user', parts: [{ text: '' }] }] }],
    ['results of ', { contents: [ask, call, ask] }],
    ['results behind no call', { contents: [ask, result] }],
    ['thought_signature', { contents: [ask, call, result] }],
    ['no field top_k', { contents: [ask], top_k: 1 }],
    ['no field $ref', tool({ type: 'object', properties: { a: { $ref: '#/x' } } })],
    ['no field additionalProperties', tool({ type: 'object', properties: { a: {} }, additionalProperties: false })],
    ['an enum holds strings', tool({ type: 'object', properties: { a: { enum: [1] } } })],
    ['requires b', tool({ type: 'object', properties: { a: {} }, required: ['b'] })],
  ])('gemini: %s', (rule, body) => {
    expect(gemini.brokenRules(body, 'gemini-3-flash').join('\n')).toContain(rule)
  })

  const gpt = { model: 'gpt-5', messages: [{ role: 'user', content: 'Hi' }] }
  test.each<[string, Body]>([
    ['too short', { ...gpt, tools: [] }],
    ['only with tools', { ...gpt, tool_choice: 'auto' }],
    ['not taken by gpt-5', { ...gpt, temperature: 1 }],
    ['a result of no call', { ...gpt, messages: [{ role: 'tool', tool_call_id: 'x', content: '' }] }],
  ])('openai: %s', (rule, body) => {
    expect(openai.brokenRules(body).join('\n')).toContain(rule)
  })
})
