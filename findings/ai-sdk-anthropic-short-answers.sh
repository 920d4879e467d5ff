#!/usr/bin/env bash
# @ai-sdk/anthropic fills in max_tokens by the model's name where the caller sets none. A name that it does not know (a gateway's
# public model, a newer Claude) gets 4096, so that longer answers end there with `length`; a warning in the result is all that tells.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ai@7.0.173 @ai-sdk/anthropic@4.0.105 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import { generateText } from 'ai'
import { createAnthropic } from '@ai-sdk/anthropic'

const asked = []
const server = http.createServer(async (request, response) => {
  let text = ''
  for await (const piece of request) text += piece
  asked.push(JSON.parse(text).max_tokens)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(
    JSON.stringify({
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'm',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 3, output_tokens: 1 },
    }),
  )
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const anthropic = createAnthropic({ apiKey: 'any', baseURL: `http://127.0.0.1:${server.address().port}` })
for (const name of ['claude-sonnet-4-5', 'fast']) {
  const { warnings } = await generateText({ model: anthropic(name), prompt: 'Hi', maxRetries: 0 })
  console.log(`${name}: max_tokens ${asked.at(-1)}, ${warnings?.length ?? 0} warnings`)
}
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "ai@7.0.173 @ai-sdk/anthropic@4.0.105 on Node $(node --version)"
echo "$seen"
expected='claude-sonnet-4-5: max_tokens 64000, 0 warnings
fast: max_tokens 4096, 1 warnings'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
