#!/usr/bin/env bash
# An event of a stream whose first line is not `data:` is lost by @google/genai, without an error: `id:`, `retry:`, `event:` and
# comment lines may stand there by the standard of server-sent events, and some proxies add them.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @google/genai@3.3.0 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import { GoogleGenAI } from '@google/genai'

const parts = ['Hel', 'lo'].map((text, at) =>
  JSON.stringify({
    candidates: [{ index: 0, content: { role: 'model', parts: [{ text }] }, ...(at === 1 && { finishReason: 'STOP' }) }],
  }),
)
let before = ''
const server = http.createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(parts.map((part) => `${before}data: ${part}\n\n`).join(''))
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const client = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: `http://127.0.0.1:${server.address().port}` } })
for (const [name, line] of [['data', ''], ['id', 'id: 7\n'], ['event', 'event: message\n'], ['comment', ': alive\n']]) {
  before = line
  let text = ''
  let finish
  for await (const chunk of await client.models.generateContentStream({ model: 'm', contents: 'Hi' })) {
    text += chunk.text ?? ''
    finish = chunk.candidates?.[0]?.finishReason ?? finish
  }
  console.log(`${name} first: ${JSON.stringify(text)} ${finish}`)
}
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "@google/genai@3.3.0 on Node $(node --version)"
echo "$seen"
expected='data first: "Hello" STOP
id first: "" undefined
event first: "" undefined
comment first: "" undefined'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
