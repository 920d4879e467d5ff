/** An upstream of one wire that an agent's turn needs: a call of one of its tools, then words once the result is there. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

type Json = Record<string, unknown>

export interface Upstream {
  url: string
  /** Results of tools that it was given. */
  results(): number
  close(): void
}

export const DONE = 'The turn is over, with the result of the tool.'

interface Offered {
  name: string
  schema: Json
}

interface Wire {
  format: string
  tools(body: Json): Offered[]
  hasResult(body: Json): boolean
  streams(body: Json, url: string): boolean
  call(tool: string, args: Json): Json[]
  text(text: string): Json[]
  /** The whole answer that the events of a stream add up to. */
  whole(events: Json[]): Json
  frame(event: Json): string
  end: string
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : [])
const data = (event: Json): string => `data: ${JSON.stringify(event)}\n\n`
const named = (event: Json): string => `event: ${String(event['type'])}\n${data(event)}`

const usage = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }
const chunk = (delta: Json, finish_reason: string | null): Json => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
})

const openai: Wire = {
  format: 'openai',
  tools: (body) =>
    list(body['tools']).flatMap((tool) => {
      const declared = tool['function'] as Json | undefined
      return declared ? { name: String(declared['name']), schema: (declared['parameters'] ?? {}) as Json } : []
    }),
  hasResult: (body) => list(body['messages']).some((message) => message['role'] === 'tool'),
  streams: (body) => body['stream'] === true,
  call: (name, args) => [
    chunk({ role: 'assistant', content: null }, null),
    chunk(
      {
        tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: JSON.stringify(args) } }],
      },
      null,
    ),
    { ...chunk({}, 'tool_calls'), usage },
  ],
  text: (text) => [chunk({ role: 'assistant', content: text }, null), { ...chunk({}, 'stop'), usage }],
  whole: (events) => {
    const deltas = events.map((event) => list(event['choices'])[0]?.['delta'] as Json)
    const calls = deltas.flatMap((delta) => list(delta['tool_calls'])).map(({ index: _index, ...call }) => call)
    const text = deltas.map((delta) => delta['content'] ?? '').join('')
    const message = { role: 'assistant', content: text || null, ...(calls.length > 0 && { tool_calls: calls }) }
    const choice = { index: 0, message, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' }
    return { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm', choices: [choice], usage }
  },
  frame: data,
  end: 'data: [DONE]\n\n',
}

const anthropicEvents = (block: Json, delta: Json, stop_reason: string): Json[] => [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { input_tokens: 10, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: block },
  { type: 'content_block_delta', index: 0, delta },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage: { output_tokens: 5 } },
  { type: 'message_stop' },
]

const anthropic: Wire = {
  format: 'anthropic',
  tools: (body) =>
    list(body['tools']).flatMap((tool) =>
      tool['input_schema'] ? { name: String(tool['name']), schema: tool['input_schema'] as Json } : [],
    ),
  hasResult: (body) =>
    list(body['messages']).some((message) => list(message['content']).some((block) => block['type'] === 'tool_result')),
  streams: (body) => body['stream'] === true,
  call: (name, args) =>
    anthropicEvents(
      { type: 'tool_use', id: 'toolu_1', name, input: {} },
      { type: 'input_json_delta', partial_json: JSON.stringify(args) },
      'tool_use',
    ),
  text: (text) => anthropicEvents({ type: 'text', text: '' }, { type: 'text_delta', text }, 'end_turn'),
  whole: (events) => {
    const message = events[0]?.['message'] as Json
    const block = events[1]?.['content_block'] as Json
    const delta = events[2]?.['delta'] as Json
    const filled = delta['text']
      ? { ...block, text: delta['text'] }
      : { ...block, input: JSON.parse(String(delta['partial_json'])) }
    return {
      ...message,
      content: [filled],
      ...(events[4]?.['delta'] as Json),
      usage: { input_tokens: 10, output_tokens: 5 },
    }
  },
  frame: named,
  end: '',
}

const geminiEvent = (part: Json): Json => ({
  candidates: [{ index: 0, content: { role: 'model', parts: [part] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 },
})

const gemini: Wire = {
  format: 'gemini',
  tools: (body) =>
    list(body['tools'])
      .flatMap((tool) => list(tool['functionDeclarations']))
      .map((declared) => ({
        name: String(declared['name']),
        schema: (declared['parametersJsonSchema'] ?? declared['parameters'] ?? {}) as Json,
      })),
  hasResult: (body) =>
    list(body['contents']).some((content) => list(content['parts']).some((part) => part['functionResponse'])),
  streams: (_body, url) => url.includes('streamGenerateContent'),
  call: (name, args) => [geminiEvent({ functionCall: { name, args } })],
  text: (text) => [geminiEvent({ text })],
  whole: ([event]) => event ?? {},
  frame: data,
  end: '',
}

const response = (status: string, output: Json[]): Json => ({
  id: 'resp_1',
  object: 'response',
  created_at: 1,
  status,
  model: 'm',
  output,
  usage: { input_tokens: 10, output_tokens: 5, total_tokens: 15 },
})

/** An item that is opened, told and closed. @param told its events, which are of its only part */
const responsesEvents = (item: Json, told: Json[]): Json[] => {
  const at = { output_index: 0, item_id: item['id'] }
  const done = { ...item, status: 'completed' }
  return [
    { type: 'response.created', response: response('in_progress', []) },
    {
      type: 'response.output_item.added',
      output_index: 0,
      item: { ...item, ...(item['content'] ? { content: [] } : { arguments: '' }) },
    },
    ...told.map((event) => ({ ...at, ...event })),
    { type: 'response.output_item.done', output_index: 0, item: done },
    { type: 'response.completed', response: response('completed', [done]) },
  ].map((event, sequence_number) => ({ ...event, sequence_number }))
}

const responses: Wire = {
  format: 'openai-responses',
  tools: (body) =>
    list(body['tools']).map((tool) => ({ name: String(tool['name']), schema: (tool['parameters'] ?? {}) as Json })),
  hasResult: (body) => list(body['input']).some((item) => item['type'] === 'function_call_output'),
  streams: (body) => body['stream'] === true,
  call: (name, args) => {
    const text = JSON.stringify(args)
    const item = { id: 'fc_1', type: 'function_call', status: 'in_progress', call_id: 'call_1', name, arguments: text }
    return responsesEvents(item, [
      { type: 'response.function_call_arguments.delta', delta: text },
      { type: 'response.function_call_arguments.done', name, arguments: text },
    ])
  },
  text: (text) => {
    const part = { type: 'output_text', text, annotations: [], logprobs: [] }
    const item = { id: 'msg_1', type: 'message', status: 'in_progress', role: 'assistant', content: [part] }
    const at = { content_index: 0 }
    return responsesEvents(item, [
      { type: 'response.content_part.added', ...at, part: { ...part, text: '' } },
      { type: 'response.output_text.delta', ...at, delta: text, logprobs: [] },
      { type: 'response.output_text.done', ...at, text, logprobs: [] },
      { type: 'response.content_part.done', ...at, part },
    ])
  },
  whole: (events) => events.at(-1)?.['response'] as Json,
  frame: named,
  end: '',
}

export const WIRES = { openai, anthropic, gemini, responses }

/** Tools that do no harm, by the names that agents give them, and what to ask of them. */
const HARMLESS: [RegExp, Json][] = [
  [/^(bash|shell|exec_command|run_shell_command|local_shell)$/i, { command: 'echo hello', cmd: 'echo hello' }],
  [/^run_commands$/, { commands: ['echo hello'] }],
  [/^(ls|list_directory|list_dir)$/i, { path: '.', dir_path: '.' }],
  [/^(glob|find)$/i, { pattern: '*.txt' }],
]

function argumentsFor({ schema }: Offered, known: Json): Json {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const required = list(schema['required']) as unknown[]
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      if (known[name] !== undefined) {
        const isList = property['type'] === 'array' && !Array.isArray(known[name])
        return [[name, isList ? ['bash', '-lc', String(known[name])] : known[name]]]
      }
      if (!required.includes(name)) return []
      return [[name, property['type'] === 'boolean' ? false : property['type'] === 'number' ? 1 : 'a try']]
    }),
  )
}

export async function startUpstream(wire: Wire): Promise<Upstream> {
  let results = 0
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(pieces).toString() || '{}') as Json
      const events = turn(body)
      if (wire.streams(body, request.url ?? '')) {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.end(events.map(wire.frame).join('') + wire.end)
      } else {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(wire.whole(events)))
      }
    })
  })
  function turn(body: Json): Json[] {
    const tools = wire.tools(body)
    if (wire.hasResult(body)) {
      results++
      return wire.text(DONE)
    }
    for (const [name, known] of HARMLESS) {
      const tool = tools.find((each) => name.test(each.name))
      if (tool) return wire.call(tool.name, argumentsFor(tool, known))
    }
    return wire.text('A title')
  }
  server.listen(0, '127.0.0.1')
  await new Promise((listening) => server.once('listening', listening))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, results: () => results, close: () => void server.close() }
}
