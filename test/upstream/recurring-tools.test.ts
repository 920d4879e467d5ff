/** Tools that come again and again are converted once: whatever any format makes of them is what it makes of new ones. */
import { describe, expect, it } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkFormatFile, shippedNames } from '../../src/config/sections/formats.ts'
import { estimateInput } from '../../src/gateway/estimate.ts'
import { recurs } from '../../src/runtime/recurring.ts'

const target = { base_url: 'https://x.example', model: 'm', secret: 'k', headers: {} }
const messages = [{ role: 'user', content: 'Hello' }]
const parameters = { type: 'object', properties: { a: { type: ['string', 'null'], minLength: 2 } }, required: ['a'] }
const TOOLS: unknown[] = [
  { type: 'function', function: { name: 'plain', description: 'Reads.', parameters } },
  { type: 'function', function: { name: 'strict', parameters, strict: true }, cache_control: { type: 'ephemeral' } },
  { type: 'function', name: 'flat', parameters },
  { type: 'custom', custom: { name: 'free', description: 'Anything.' } },
  { type: 'web_search', count: 2 },
  { type: 'web_search_20250305', name: 'search', max_uses: 2 },
]
/** Names that no vendor takes make other tools of them each time. */
const LISTS = [TOOLS, [...TOOLS, { type: 'function', function: { name: 'a name.with spaces' } }]]
/** What else a request may say of them. */
const ASKED = [
  {},
  { tool_choice: 'required' },
  { tool_choice: { type: 'function', function: { name: 'plain' } } },
  { tool_choice: 'none', parallel_tool_calls: false },
  { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: parameters } } },
  { reasoning_effort: 'high', max_tokens: 9 },
]

/** Whoever changed what is given again would change it for all. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const each of Object.values(value)) frozen(each)
  return Object.freeze(value)
}

describe.each(shippedNames())('%s', (name) => {
  const format = checkFormatFile(`src/formats/${name}.yaml`)
  const sent = (tools: unknown, asked: object, model: string): unknown => {
    const request = parseChatRequest({ model: 'm', messages, tools, ...asked } as Record<string, unknown>)
    const estimate = estimateInput(request)
    try {
      const { request: made, warnings } = format.encode(request, { ...target, model })
      return { ...made, body: JSON.parse(String(made.body)), warnings, estimate }
    } catch (error) {
      return { fault: String(error), estimate }
    }
  }

  it.each(LISTS.map((tools) => ({ tools })))('makes the same of tools that came before', ({ tools }) => {
    const known = frozen(structuredClone(tools))
    recurs(known)
    for (const model of ['m', 'claude-opus-4-8', 'gpt-5.6'])
      for (const asked of [...ASKED, ...ASKED])
        expect(sent(known, asked, model)).toEqual(sent(structuredClone(tools), asked, model))
  })
})
