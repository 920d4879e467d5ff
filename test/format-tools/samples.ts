/** Examples as vendors print them, each with a sample of its answer. */

export interface Sample {
  name: string
  curl: string
  answer?: string
  stream?: string
  /** What a client must get of the answers. */
  says: string
}

const sse = (...events: [name: string, data: object][]): string =>
  events.map(([name, data]) => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`).join('')

export const SAMPLES: readonly Sample[] = [
  {
    name: 'blocks, and instructions apart',
    curl: `curl https://api.lark.example/v1/messages \\
     --header "x-api-key: $LARK_API_KEY" \\
     --header "lark-version: 2026-01-01" \\
     --data \\
'{
    "model": "lark-5",
    "max_tokens": 1024,
    "system": "Be brief.",
    "messages": [{"role": "user", "content": "Hello, world"}]
}'`,
    answer: JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'lark-5',
      content: [{ type: 'text', text: 'Hi there' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 20, output_tokens: 5 },
    }),
    stream: sse(
      ['begin', { type: 'begin', message: { id: 'msg_1', model: 'lark-5' } }],
      ['piece', { type: 'piece', index: 0, delta: { type: 'text_delta', text: 'Hi ' } }],
      ['piece', { type: 'piece', index: 0, delta: { type: 'text_delta', text: 'there' } }],
      ['over', { type: 'over', delta: { stop_reason: 'end_turn' }, usage: { input_tokens: 20, output_tokens: 5 } }],
      ['stop', { type: 'stop' }],
    ),
    says: 'Hi there',
  },
  {
    name: 'parts, the model in the path and the key in the query',
    curl: `curl "https://finch.example/v1beta/models/finch-2:generate?key=$FINCH_KEY" -H 'Content-Type: application/json' \\
      -X POST -d '{"contents":[{"role":"user","parts":[{"text":"It'\\''s me"}]}],
      "config":{"temperature":0.5,"maxOutputTokens":100,"stopSequences":["END"]}}'`,
    answer: JSON.stringify({
      candidates: [{ content: { parts: [{ text: 'Hi there' }], role: 'model' }, finishReason: 'MAX_TOKENS' }],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 10, totalTokenCount: 14 },
    }),
    says: 'Hi there',
  },
  {
    name: 'lines of JSON, tools, and no key',
    curl: `curl http://127.0.0.1:11434/api/chat -d '{"model": "wren", "stream": true,
      "messages": [{"role": "system", "content": "Be nice"}, {"role": "user", "content": "Why?"}],
      "options": {"temperature": 0.2, "num_predict": 50},
      "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}}]}'`,
    stream: [
      { model: 'wren', message: { role: 'assistant', content: 'Hi ' }, done: false },
      { model: 'wren', message: { role: 'assistant', content: 'there' }, done: false },
      {
        model: 'wren',
        message: { content: '' },
        done: true,
        done_reason: 'stop',
        prompt_eval_count: 26,
        eval_count: 9,
      },
    ]
      .map((line) => `${JSON.stringify(line)}\n`)
      .join(''),
    says: 'Hi there',
  },
  {
    name: 'OpenAI’s own wire',
    curl: `curl -s https://api.robin.example/v1/chat/completions -H "Authorization: Bearer $ROBIN" -H 'X-Team: blue' \\
      -d '{"model":"robin-1","messages":[{"role":"user","content":"Hi"}],"temperature":0.3}'`,
    answer: JSON.stringify({
      id: 'c1',
      object: 'chat.completion',
      created: 1,
      model: 'robin-1',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hi there' }, finish_reason: 'stop' }],
    }),
    says: 'Hi there',
  },
  {
    name: 'a stream that repeats all that was said',
    curl: `curl https://crane.example/talk -H 'Api-Token: abc' -d '{"engine":"crane","dialog":[{"who":"human","say":"Hi"}]}'`,
    stream:
      ['Hi', 'Hi th', 'Hi there'].map((text) => `data:${JSON.stringify({ output: { text } })}\n\n`).join('') +
      `data:${JSON.stringify({ output: { text: 'Hi there', finish_reason: 'stop' } })}\n\ndata:[DONE]\n\n`,
    says: 'Hi there',
  },
]
