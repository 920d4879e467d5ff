/** `cache: auto` marks what a conversation repeats, on each wire that has marks. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { startGateway } from './gateway.ts'

const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } }
const REQUEST = {
  messages: [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'One?' },
    { role: 'assistant', content: 'One.' },
    { role: 'user', content: 'Two?' },
  ],
  tools: [TOOL, { ...TOOL, function: { ...TOOL.function, name: 'g' } }],
}
const MARK = { type: 'ephemeral' }
const POINT = { cachePoint: { type: 'default' } }

/** What the vendor is sent. */
async function sent(format: string, model: string, more: object, config: object = { cache: 'auto' }): Promise<unknown> {
  let body: unknown
  const vendor = createServer((request, response) => {
    const bits: Buffer[] = []
    request.on('data', (bit: Buffer) => bits.push(bit))
    request.on('end', () => {
      body = JSON.parse(Buffer.concat(bits).toString())
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error":{"message":"seen"},"message":"seen"}')
    })
  })
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`
  const keys = [
    format === 'bedrock'
      ? { access_key_id: 'AKIAEXAMPLE0000', secret_access_key: 'secret-000001', region: 'us-east-1' }
      : 'key-00000001',
  ]
  const gateway = await startGateway({ providers: { v: { format, base_url, keys, ...config } } })
  try {
    await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: `v/${model}`, ...REQUEST, ...more }),
    })
    return body
  } finally {
    await gateway.close()
    vendor.close()
  }
}

it('for Anthropic', async () => {
  expect(await sent('anthropic', 'claude-sonnet-5', {})).toMatchObject({
    system: [{ text: 'Be brief.', cache_control: MARK }],
    messages: [
      { content: [{ text: 'One?' }] },
      { content: [{ text: 'One.' }] },
      { content: [{ text: 'Two?', cache_control: MARK }] },
    ],
    tools: [{ name: 'f' }, { name: 'g', cache_control: MARK }],
  })
})

it('for Bedrock, where the model takes it', async () => {
  expect(await sent('bedrock', 'anthropic.claude-sonnet-4-5-v1:0', {})).toMatchObject({
    system: [{ text: 'Be brief.' }, POINT],
    messages: [{}, {}, { content: [{ text: 'Two?' }, POINT] }],
    toolConfig: { tools: [{ toolSpec: { name: 'f' } }, { toolSpec: { name: 'g' } }, POINT] },
  })
  const nova = JSON.stringify(await sent('bedrock', 'amazon.nova-pro-v1:0', {}))
  expect(nova.split('cachePoint').length - 1).toBe(2)
  expect(JSON.stringify(await sent('bedrock', 'meta.llama3-1-8b-instruct-v1:0', {}))).not.toContain('cachePoint')
})

it('for OpenRouter', async () => {
  expect(await sent('openrouter', 'anthropic/claude-sonnet-5', {})).toMatchObject({
    messages: [
      { content: [{ type: 'text', text: 'Be brief.', cache_control: MARK }] },
      { content: 'One?' },
      { content: 'One.' },
      { content: [{ type: 'text', text: 'Two?', cache_control: MARK }] },
    ],
    tools: [TOOL, { cache_control: MARK }],
  })
})

it('not where nobody chose it, nor where the client marks for itself', async () => {
  expect(JSON.stringify(await sent('anthropic', 'claude-sonnet-5', {}, {}))).not.toContain('cache_control')
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'One?', cache_control: MARK }] },
    ...REQUEST.messages.slice(2),
  ]
  const marked = JSON.stringify(await sent('anthropic', 'claude-sonnet-5', { messages }))
  expect(marked.split('cache_control').length - 1).toBe(1)
})
