/** Every body that a case of these wires sends keeps the vendor's documented rules, and the rules can be broken. */
import { describe, expect, test } from 'vitest'
import type { PlacedCase } from '../../src/format-tools/cases/case.ts'
import { encodeCase } from '../../src/format-tools/cases/run-case.ts'
import * as bedrock from './bedrock/rules.ts'
import { sentBodies, shipped, type Body, type SentBody } from './cases.ts'
import * as cohere from './cohere/rules.ts'
import * as gemini from './gemini/rules.ts'
import * as mistral from './mistral/rules.ts'
import * as ollama from './ollama/rules.ts'

const RULES: Record<string, (body: Body, model: string) => string[]> = {
  bedrock: bedrock.brokenRules,
  cohere: cohere.brokenRules,
  mistral: mistral.brokenRules,
  ollama: ollama.brokenRules,
  vertex: gemini.brokenRules,
}

/** What a client sends at its own risk: it reaches the vendor as it is. */
const OWN_RISK = /^(top_k|n)\b/

describe.each(Object.entries(RULES))('%s', (format, brokenRules) => {
  const sent = sentBodies(format)
  test.each(sent.map((each) => [each.name, each] as const))('%s', (_, { each, body }) => {
    expect(brokenRules(body, each.model ?? '').filter((line) => !OWN_RISK.test(line))).toEqual([])
  })

  test('has at least forty bodies of clients', () => {
    expect(sent.length).toBeGreaterThanOrEqual(40)
  })
})

describe('a body that breaks a rule is caught', () => {
  const hi = { role: 'user', content: [{ text: 'Hi' }] }
  const use = { role: 'assistant', content: [{ toolUse: { toolUseId: 'a', name: 'f', input: {} } }] }
  test.each<[string, Body]>([
    ['the user begins', { messages: [use] }],
    ['in a row', { messages: [hi, hi] }],
    ['blank text', { messages: [{ role: 'user', content: [{ text: ' ' }] }] }],
    ['empty content', { messages: [{ role: 'user', content: [] }] }],
    ['no result of a', { messages: [hi, use, hi] }],
    ['toolConfig', { messages: [hi, use] }],
    ['temperature', { messages: [hi], inferenceConfig: { temperature: 1.5 } }],
    ['no field', { messages: [hi], n: 2 }],
    [
      'a document without text',
      { messages: [{ role: 'user', content: [{ document: { format: 'pdf', name: 'a' } }] }] },
    ],
  ])('bedrock: %s', (rule, body) => {
    expect(bedrock.brokenRules(body).join('\n')).toContain(rule)
  })

  const ask = { role: 'user', content: 'Hi' }
  test.each<[string, Body]>([
    ['p: 0.01 to 0.99', { messages: [ask], p: 1 }],
    ['five at most', { messages: [ask], stop_sequences: ['1', '2', '3', '4', '5', '6'] }],
    ['a result of no call', { messages: [ask, { role: 'tool', tool_call_id: 'a', content: 'x' }] }],
    ['not together with tools', { messages: [ask], tools: [{}], response_format: { type: 'json_object' } }],
  ])('cohere: %s', (rule, body) => {
    expect(cohere.brokenRules(body).join('\n')).toContain(rule)
  })

  test.each<[string, Body]>([
    ['id call_a', { messages: [ask, { role: 'tool', tool_call_id: 'call_a', content: 'x' }] }],
    ['neither content nor calls', { messages: [{ role: 'assistant', content: '' }, ask] }],
    ['needs prefix', { messages: [ask, { role: 'assistant', content: 'x' }] }],
    ['name is not known', { messages: [{ ...ask, name: 'ann' }] }],
  ])('mistral: %s', (rule, body) => {
    expect(mistral.brokenRules(body).join('\n')).toContain(rule)
  })

  test.each<[string, Body]>([
    ['bare base64', { stream: false, messages: [{ ...ask, images: ['data:image/png;base64,AAAA'] }] }],
    ['stream', { messages: [ask] }],
    ['content is a text', { stream: true, messages: [{ role: 'user', content: [] }] }],
  ])('ollama: %s', (rule, body) => {
    expect(ollama.brokenRules(body).join('\n')).toContain(rule)
  })
})

test.each(['bedrock', 'cohere', 'mistral', 'ollama', 'vertex'])(
  '%s takes a hundred tools, and schemas ten deep',
  (format) => {
    const deep = (depth: number): Body =>
      depth === 0 ? { type: 'string' } : { type: 'object', properties: { inner: deep(depth - 1) }, required: ['inner'] }
    const tools = Array.from({ length: 100 }, (_, i) => ({
      type: 'function',
      function: { name: `tool_${i}`, description: `The tool ${i}`, parameters: deep(10) },
    }))
    const each: PlacedCase = {
      ...(sentBodies(format)[0] as SentBody).each,
      client: { messages: [{ role: 'user', content: 'Hi' }], tools },
    }
    const body = JSON.parse(String(encodeCase(each, shipped(format)).request.body)) as Body
    expect(RULES[format]?.(body, each.model ?? '')).toEqual([])
    expect(JSON.stringify(body).match(/"tool_\d+"/g)).toHaveLength(100)
    expect(JSON.stringify(body).match(/"inner":\{/g)).toHaveLength(1000)
  },
)
