/** The bytes that the fake upstream answers with, in each wire that it speaks. */

export interface Wire {
  /** One whole answer of about `size` bytes. */
  json(size: number): string
  /** The events of a stream with `count` pieces of text, each as its own bytes. */
  stream(count: number): string[]
}

const ID = 'bench-0123456789abcdef'
const CREATED = 1_790_000_000
const WORDS = ['the', 'tide', 'carries', 'a', 'borrowed', 'clock', 'along', 'every', 'harbour', 'wall']
const word = (index: number): string => ` ${WORDS[index % WORDS.length]}`

/** Calls `make` with a filler that brings its text to `size` bytes. */
function padded(size: number, make: (text: string) => unknown): string {
  const bare = JSON.stringify(make('')).length
  return JSON.stringify(make('lorem ipsum '.repeat(Math.ceil(size / 12)).slice(0, Math.max(1, size - bare))))
}

const data = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
const named = (type: string, rest: object): string => `event: ${type}\n${data({ type, ...rest })}`

const chatUsage = { prompt_tokens: 20, completion_tokens: 100, total_tokens: 120 }
const chat: Wire = {
  json: (size) =>
    padded(size, (content) => ({
      id: ID,
      object: 'chat.completion',
      created: CREATED,
      model: 'bench',
      choices: [
        { index: 0, message: { role: 'assistant', content, refusal: null }, logprobs: null, finish_reason: 'stop' },
      ],
      usage: chatUsage,
    })),
  stream(count) {
    const head = {
      id: ID,
      object: 'chat.completion.chunk',
      created: CREATED,
      model: 'bench',
      system_fingerprint: 'fp_bench',
    }
    const chunk = (delta: unknown, finish_reason: string | null = null): string =>
      data({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })
    return [
      chunk({ role: 'assistant', content: '', refusal: null }),
      ...Array.from({ length: count }, (_, index) => chunk({ content: word(index) })),
      chunk({}, 'stop'),
      data({ ...head, choices: [], usage: chatUsage }),
      'data: [DONE]\n\n',
    ]
  },
}

const messageHead = { id: ID, type: 'message', role: 'assistant', model: 'bench' }
const messages: Wire = {
  json: (size) =>
    padded(size, (text) => ({
      ...messageHead,
      content: [{ type: 'text', text }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 20, output_tokens: 100 },
    })),
  stream: (count) => [
    named('message_start', {
      message: { ...messageHead, content: [], stop_reason: null, usage: { input_tokens: 20, output_tokens: 1 } },
    }),
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...Array.from({ length: count }, (_, index) =>
      named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word(index) } }),
    ),
    named('content_block_stop', { index: 0 }),
    named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 100 } }),
    named('message_stop', {}),
  ],
}

const usageMetadata = { promptTokenCount: 20, candidatesTokenCount: 100, totalTokenCount: 120 }
const candidate = (text: string, finishReason?: string): unknown => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, index: 0, finishReason }],
  usageMetadata,
  modelVersion: 'bench',
  responseId: ID,
})
const generate: Wire = {
  json: (size) => padded(size, (text) => candidate(text, 'STOP')),
  stream: (count) =>
    Array.from(
      { length: count },
      // Google ends its lines so.
      (_, index) => `data: ${JSON.stringify(candidate(word(index), index + 1 === count ? 'STOP' : undefined))}\r\n\r\n`,
    ),
}

const response = (status: string, output: unknown[]): object => ({
  id: `resp_${ID}`,
  object: 'response',
  created_at: CREATED,
  status,
  model: 'bench',
  error: null,
  incomplete_details: null,
  output,
  usage: status === 'completed' ? { input_tokens: 20, output_tokens: 100, total_tokens: 120 } : null,
})
const message = (status: string, content: unknown[]): object => ({
  id: `msg_${ID}`,
  type: 'message',
  role: 'assistant',
  status,
  content,
})
const outputText = (text: string): object => ({ type: 'output_text', text, annotations: [], logprobs: [] })
const responses: Wire = {
  json: (size) => padded(size, (text) => response('completed', [message('completed', [outputText(text)])])),
  stream(count) {
    let number = 0
    const event = (type: string, rest: object): string => named(type, { sequence_number: number++, ...rest })
    const place = { item_id: `msg_${ID}`, output_index: 0, content_index: 0 }
    const text = Array.from({ length: count }, (_, index) => word(index)).join('')
    const done = message('completed', [outputText(text)])
    return [
      event('response.created', { response: response('in_progress', []) }),
      event('response.output_item.added', { output_index: 0, item: message('in_progress', []) }),
      event('response.content_part.added', { ...place, part: outputText('') }),
      ...Array.from({ length: count }, (_, index) =>
        event('response.output_text.delta', { ...place, delta: word(index), logprobs: [] }),
      ),
      event('response.output_text.done', { ...place, text, logprobs: [] }),
      event('response.content_part.done', { ...place, part: outputText(text) }),
      event('response.output_item.done', { output_index: 0, item: done }),
      event('response.completed', { response: response('completed', [done]) }),
    ]
  },
}

/** By a part of the request's path that only this wire has. */
const WIRES: [part: string, wire: Wire][] = [
  ['/chat/completions', chat],
  ['/messages', messages],
  ['/responses', responses],
  ['enerateContent', generate],
]

/** Throws Error for a path of no wire. */
export function wireOf(path: string): Wire {
  const found = WIRES.find(([part]) => path.includes(part))
  if (!found) throw new Error(`no wire has the path ${path}`)
  return found[1]
}
