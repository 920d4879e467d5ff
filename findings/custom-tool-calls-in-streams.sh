#!/usr/bin/env bash
# OpenAI streams the call of a custom tool with `type: custom` and a `custom` object in place of `function`. Its own SDK reads
# it; LangChain gives a call without name and input, and two chat models of the AI SDK refuse the chunk.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts openai@7.59.0 @langchain/openai@1.6.0 @langchain/core@1.4.0 ai@7.0.173 @ai-sdk/openai@4.0.118 @ai-sdk/openai-compatible@3.0.92 >/dev/null
cat >try.mjs <<'JS'
import http from 'node:http'
import OpenAI from 'openai'
import { ChatOpenAICompletions } from '@langchain/openai'
import { streamText } from 'ai'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'

const chunk = { id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' }
const choice = (delta, finish_reason = null) => ({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })
const chunks = [
  choice({ role: 'assistant', content: null, tool_calls: [{ index: 0, id: 'call_1', type: 'custom', custom: { name: 'write', input: '' } }] }),
  choice({ tool_calls: [{ index: 0, custom: { input: 'SELECT' } }] }),
  choice({ tool_calls: [{ index: 0, custom: { input: ' 1' } }] }),
  choice({}, 'tool_calls'),
]
const server = http.createServer((request, response) => {
  request.resume()
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(`${chunks.map((each) => `data: ${JSON.stringify(each)}\n\n`).join('')}data: [DONE]\n\n`)
})
await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
const baseURL = `http://127.0.0.1:${server.address().port}`
const tools = [{ type: 'custom', custom: { name: 'write', description: 'Runs SQL' } }]

async function told(name, run) {
  try {
    console.log(`${name}: ${JSON.stringify(await run())}`)
  } catch (error) {
    console.log(`${name}: ${error.name}`)
  }
}

await told('openai, stream()', async () => {
  const stream = new OpenAI({ apiKey: 'any', baseURL, maxRetries: 0 }).chat.completions.stream({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], tools })
  return (await stream.finalChatCompletion()).choices[0].message.tool_calls
})
await told('@langchain/openai, completions', async () => {
  const model = new ChatOpenAICompletions({ model: 'm', apiKey: 'any', maxRetries: 0, configuration: { baseURL } })
  let whole
  for await (const part of await model.stream('Hi', { tools })) whole = whole === undefined ? part : whole.concat(part)
  return whole.tool_calls.map(({ name, args }) => ({ name, args }))
})
const providers = {
  '@ai-sdk/openai, chat': createOpenAI({ apiKey: 'any', baseURL }).chat('m'),
  '@ai-sdk/openai-compatible': createOpenAICompatible({ name: 'any', baseURL })('m'),
}
for (const [name, model] of Object.entries(providers)) {
  await told(name, async () => {
    let fault
    const result = streamText({ model, prompt: 'Hi', maxRetries: 0, onError: ({ error }) => (fault = error) })
    await result.consumeStream()
    if (fault) throw fault
    return (await result.toolCalls).map(({ toolName, input }) => ({ toolName, input }))
  })
}
server.close()
JS
seen=$(node try.mjs 2>/dev/null)
echo "openai@7.59.0 @langchain/openai@1.6.0 @ai-sdk/openai@4.0.118 @ai-sdk/openai-compatible@3.0.92 on Node $(node --version)"
echo "$seen"
expected='openai, stream(): [{"id":"call_1","type":"custom","custom":{"name":"write","input":"SELECT 1"}}]
@langchain/openai, completions: [{"name":"","args":{}}]
@ai-sdk/openai, chat: AI_TypeValidationError
@ai-sdk/openai-compatible: AI_TypeValidationError'
[ "$seen" = "$expected" ] || { printf 'CHANGED. Expected:\n%s\n' "$expected"; exit 1; }
echo 'as found'
