#!/usr/bin/env bash
# By the standard of server-sent events an event may have several `data:` lines, which are joined by line feeds. cohere-ai and
# @google/genai parse each line by itself and fail; openai reads the same bytes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts cohere-ai@8.1.0 @google/genai@3.3.0 openai@7.59.0 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import OpenAI from 'openai'
import { CohereClientV2 } from 'cohere-ai'
import { GoogleGenAI } from '@google/genai'

const spread = (event) => `${JSON.stringify(event, null, 1).replaceAll(/^/gm, 'data: ')}\n\n`
const streams = {
  openai: [
    { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm', choices: [{ index: 0, delta: { content: 'Hello' }, finish_reason: 'stop' }] },
  ],
  'cohere-ai': [
    { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hello' } } } },
    { type: 'message-end', delta: { finish_reason: 'COMPLETE' } },
  ],
  '@google/genai': [{ candidates: [{ index: 0, content: { role: 'model', parts: [{ text: 'Hello' }] }, finishReason: 'STOP' }] }],
}
let name
const server = http.createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(streams[name].map(spread).join(''))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const url = `http://127.0.0.1:${server.address().port}`
const messages = [{ role: 'user', content: 'Hi' }]
const clients = {
  openai: () => new OpenAI({ apiKey: 'any', baseURL: url, maxRetries: 0 }).chat.completions.create({ model: 'm', messages, stream: true }),
  'cohere-ai': () => new CohereClientV2({ token: 'any', environment: url }).chatStream({ model: 'm', messages }),
  '@google/genai': () => new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: url } }).models.generateContentStream({ model: 'm', contents: 'Hi' }),
}
for (name of Object.keys(clients)) {
  let text = ''
  try {
    for await (const part of await clients[name]())
      text += part.choices?.[0].delta.content ?? part.delta?.message?.content?.text ?? part.text ?? ''
    console.log(`${name}: ${JSON.stringify(text)}`)
  } catch (error) {
    console.log(`${name}: ${/JSON/.test(error.message) ? 'SyntaxError' : error.message}`)
  }
}
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "cohere-ai@8.1.0 @google/genai@3.3.0 openai@7.59.0 on Node $(node --version)"
echo "$seen"
expected='openai: "Hello"
cohere-ai: SyntaxError
@google/genai: SyntaxError'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
