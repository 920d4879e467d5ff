#!/usr/bin/env bash
# @anthropic-ai/sdk drops events that have no `event:` line, although the data of each says its own `type`: a stream of `data:`
# lines alone is an empty answer to it. Whoever speaks Messages must send both.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @anthropic-ai/sdk@1.14.0 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import Anthropic from '@anthropic-ai/sdk'

const events = [
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
      usage: { input_tokens: 1, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hello' } },
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 1 } },
  { type: 'message_stop' },
]
let named = true
const server = http.createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map((event) => `${named ? `event: ${event.type}\n` : ''}data: ${JSON.stringify(event)}\n\n`).join(''))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const client = new Anthropic({ apiKey: 'any', maxRetries: 0, baseURL: `http://127.0.0.1:${server.address().port}` })
const ask = () =>
  client.messages
    .stream({ model: 'm', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] })
    .finalMessage()
    .then(({ content, stop_reason }) => `${JSON.stringify(content[0].text)} ${stop_reason}`)
    .catch((error) => error.message)
console.log(`with event names: ${await ask()}`)
named = false
console.log(`without: ${await ask()}`)
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "@anthropic-ai/sdk@1.14.0 on Node $(node --version)"
echo "$seen"
expected='with event names: "Hello" end_turn
without: request ended without sending any chunks'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
