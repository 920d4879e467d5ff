#!/usr/bin/env bash
# OpenAI tells usage in a last chunk with an empty `choices`. Of the AI SDK's providers for kindred wires, @ai-sdk/mistral
# throws a TypeError on that chunk, @ai-sdk/groq passes over its counts (it reads only `x_groq.usage`).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 @ai-sdk/groq@4.0.84 @ai-sdk/mistral@4.0.87 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import { streamText } from 'ai'
import { createGroq } from '@ai-sdk/groq'
import { createMistral } from '@ai-sdk/mistral'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'

const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const chunks = [
  { ...chunk, choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: null }] },
  { ...chunk, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
  { ...chunk, choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } },
]
const server = http.createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')}data: [DONE]\n\n`)
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const baseURL = `http://127.0.0.1:${server.address().port}`
const models = {
  'openai-compatible': createOpenAICompatible({ name: 'any', baseURL, includeUsage: true })('m'),
  groq: createGroq({ apiKey: 'any', baseURL })('m'),
  mistral: createMistral({ apiKey: 'any', baseURL })('m'),
}
for (const [name, model] of Object.entries(models)) {
  let fault
  const result = streamText({ model, prompt: 'Hi', maxRetries: 0, onError: ({ error }) => (fault = error) })
  try {
    await result.consumeStream()
    const usage = await result.usage
    if (fault) throw fault
    console.log(`${name}: ${await result.finishReason}, ${usage.inputTokens} and ${usage.outputTokens} tokens`)
  } catch (error) {
    console.log(`${name}: ${(fault ?? error).name}`)
  }
}
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "ai@7.0.173 @ai-sdk/openai-compatible@3.0.92 @ai-sdk/groq@4.0.84 @ai-sdk/mistral@4.0.87 on Node $(node --version)"
echo "$seen"
expected='openai-compatible: stop, 11 and 7 tokens
groq: stop, undefined and undefined tokens
mistral: TypeError'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
