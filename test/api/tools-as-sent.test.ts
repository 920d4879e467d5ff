/** Tools and results as clients send them, put into what each vendor takes. */
import { expect, it, test } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkChatRequest } from '../../src/api/chat-completions/request/schema/schema.ts'
import { shipped, type Body } from '../formats/cases.ts'

const USER = { role: 'user', content: 'x' }
const F = { type: 'function', function: { name: 'f' } }

function encode(format: string, body: Body): { body: Body; warnings: string[] } {
  const request = parseChatRequest({ model: 'm', messages: [USER], ...body })
  const target = { base_url: '', model: 'm', secret: 'k', headers: {} }
  const { request: sent, warnings } = shipped(format).encode(request, target)
  return { body: JSON.parse(String(sent.body)) as Body, warnings }
}

it('takes tools that are written flat, as in Responses', () => {
  const flat = [
    { type: 'custom', name: 'Patch', description: 'V4A' },
    { type: 'function', name: 'f' },
  ]
  expect(checkChatRequest({ model: 'm', messages: [USER], tools: flat })).toBeUndefined()
  expect(encode('openai', { tools: flat }).body['tools']).toEqual([
    { type: 'custom', custom: { name: 'Patch', description: 'V4A' } },
    { type: 'function', function: { name: 'f' } },
  ])
})

test.each([
  ['one tool', { type: 'function', function: { name: 'ghost' } }],
  [
    'some tools',
    { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [F, { type: 'function', name: 'ghost' }] } },
  ],
])('a choice of %s that is not there is refused', (_, tool_choice) => {
  expect(() => parseChatRequest({ model: 'm', messages: [USER], tools: [F], tool_choice })).toThrow(/'ghost' not found/)
})

const HOSTED = [F, { type: 'web_search_preview' }, { type: 'mcp', server_label: 'z' }]

test.each(['anthropic', 'bedrock', 'gemini', 'mistral', 'openai-compatible', 'groq', 'deepseek'])(
  'tools that another vendor runs itself are left out for %s, and told',
  (format) => {
    const { body, warnings } = encode(format, { tools: HOSTED })
    expect(JSON.stringify(body)).not.toMatch(/web_search_preview|mcp/)
    expect(warnings.join()).toMatch(/web_search_preview.*mcp/)
  },
)

const call = (id: string): Body => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const MIXED = [
  USER,
  { role: 'assistant', tool_calls: [call('c1'), call('c2'), call('c3')] },
  { role: 'tool', tool_call_id: 'c1', content: 'one' },
  { role: 'user', content: 'hurry' },
  { role: 'tool', tool_call_id: 'c2', content: 'two' },
]

it('puts results right behind their calls, says which is missing, and the user’s words behind them', () => {
  const messages = encode('anthropic', { messages: MIXED, tools: [F] }).body['messages'] as { content: Body[] }[]
  expect(messages[2]?.content.map((part) => part['tool_use_id'] ?? part['text'])).toEqual(['c1', 'c2', 'c3', 'hurry'])
  expect(messages[2]?.content[2]).toMatchObject({ content: [{ text: '(no result)' }] })
})

it('leaves calls at the end of a conversation to be answered', () => {
  const begun = MIXED.slice(0, 2)
  expect(JSON.stringify(encode('anthropic', { messages: begun, tools: [F] }).body)).not.toContain('(no result)')
})
