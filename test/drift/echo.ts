/** Answers as a client was given them, sent back as history with the result of their call: what each format makes of it. */
import { parseChatRequest } from '../../src/api/chat-completions/request/parse.ts'
import { shipped, type Body } from '../formats/cases.ts'
import { completionOf } from './fate.ts'

const USED = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
const SITE = { url: 'https://example.com/w', title: 'Weather', start_index: 0, end_index: 2 }

/** Answers that use all that a message of ours can hold, by the wire that they come from. */
const ANSWERS: Record<string, Body> = {
  openai: {
    id: 'i',
    object: 'chat.completion',
    created: 1,
    model: 'm',
    usage: USED,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: 'It rains.',
          refusal: null,
          reasoning_content: 'Hm.',
          annotations: [{ type: 'url_citation', url_citation: SITE }],
          tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        logprobs: null,
        finish_reason: 'tool_calls',
      },
    ],
  },
  anthropic: {
    id: 'i',
    type: 'message',
    role: 'assistant',
    model: 'm',
    stop_reason: 'tool_use',
    content: [
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'b3BhcXVl' },
      { type: 'text', text: 'It rains.', citations: [{ type: 'web_search_result_location', ...SITE }] },
      { type: 'tool_use', id: 'toolu_1', name: 'f', input: { a: 1 } },
    ],
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  gemini: {
    candidates: [
      {
        content: {
          role: 'model',
          parts: [
            { text: 'Hm.', thought: true },
            { text: 'It rains.' },
            { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
            { executableCode: { language: 'PYTHON', code: 'print(1)' } },
            { functionCall: { name: 'f', args: { a: 1 } }, thoughtSignature: 'c2ln' },
          ],
        },
        groundingMetadata: { groundingChunks: [{ web: { uri: SITE.url, title: SITE.title } }] },
        finishReason: 'STOP',
        index: 0,
      },
    ],
  },
}

const TOOLS = [{ type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }]

/** The body that a format sends for a history with each of these answers. */
export function echoed(format: string, model = 'some-model'): { name: string; body: Body }[] {
  return Object.entries(ANSWERS).map(([from, answer]) => {
    const [choice] = completionOf(from, answer)['choices'] as { message: Body }[]
    const message = choice?.message ?? {}
    const [call] = message['tool_calls'] as { id: string }[]
    const messages = [
      { role: 'user', content: 'Hi' },
      message,
      { role: 'tool', tool_call_id: call?.id, content: 'fine' },
      { role: 'user', content: 'And now?' },
    ]
    const request = parseChatRequest({ model, messages, tools: TOOLS })
    const { request: sent } = shipped(format).encode(request, { base_url: '', model, secret: 'k', headers: {} })
    return { name: `an answer of ${from} as history`, body: JSON.parse(String(sent.body)) as Body }
  })
}
