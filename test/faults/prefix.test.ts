import { describe, expect, it } from 'vitest'
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { checkFormatFile } from '../../src/config/sections/formats.ts'
import { withPrefix } from '../../src/upstream/request/assistant-prefix.ts'

const formats = new Map<string, ReturnType<typeof checkFormatFile>>()
function format(name: string): ReturnType<typeof checkFormatFile> {
  const known = formats.get(name) ?? checkFormatFile(`src/formats/${name}.yaml`)
  formats.set(name, known)
  return known
}

/** What is sent for an answer that is to go on from `text`. */
function sent(name: string, model: string, text: string, messages: object[]): Record<string, unknown> {
  const prefix = format(name).prefix(model)
  if (prefix === false) throw new Error(`${name} takes no prefix`)
  const request = withPrefix(parseChatRequest({ model: 'm', messages, reasoning_effort: 'high' }), text, prefix)
  const target = { base_url: 'https://x.example', model, secret: 'k', headers: {} }
  return JSON.parse(String(format(name).encode(request, target).request.body)) as Record<string, unknown>
}

const ASKED = [{ role: 'user', content: 'Tell a story.' }]

describe('a beginning that is to be gone on from', () => {
  it("is the last message, in each vendor's own form", () => {
    expect(sent('anthropic', 'claude-3-5-haiku', 'Once ', ASKED)).toMatchObject({
      messages: [{ role: 'user' }, { role: 'assistant', content: [{ type: 'text', text: 'Once' }] }],
    })
    const last = (name: string): unknown => (sent(name, 'm', 'Once ', ASKED)['messages'] as unknown[]).at(-1)
    expect(last('mistral')).toMatchObject({ role: 'assistant', content: 'Once ', prefix: true })
    expect(last('moonshot')).toMatchObject({ role: 'assistant', content: 'Once ', partial: true })
    expect(sent('vllm', 'm', 'Once ', ASKED)).toMatchObject({
      messages: [{ role: 'user' }, { role: 'assistant', content: 'Once ' }],
      continue_final_message: true,
      add_generation_prompt: false,
    })
  })

  it('goes on from what the client itself began', () => {
    const begun = [...ASKED, { role: 'assistant', content: 'Once upon' }]
    const { messages } = sent('mistral', 'm', ' a time', begun)
    expect(messages).toHaveLength(2)
    expect((messages as unknown[]).at(-1)).toMatchObject({ role: 'assistant', content: 'Once upon a time' })
  })

  it('is not thought about again where that is refused', () => {
    expect(sent('anthropic', 'claude-opus-4-5', 'Once', ASKED)).not.toHaveProperty('thinking')
  })

  it.each([
    ['openai', 'gpt-5.4'],
    ['anthropic', 'claude-opus-4-6'],
    ['anthropic', 'claude-sonnet-5'],
  ])('is not sent where it is not taken: %s %s', (name, model) => {
    expect(format(name).prefix(model)).toBe(false)
  })
})
