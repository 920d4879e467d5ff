/** JSON nested so deep that recursion over it would end the work: by a client where it is not valid JSON yet, and by an upstream. */
import { afterEach, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { JSON_TYPE, startVendor, type Act, type Vendor } from '../faults/vendor.ts'

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000)

let vendor: Vendor
let gateway: TestGateway

afterEach(async () => {
  await gateway.close()
  await vendor.close()
})

async function start(act: Act, format = 'openai'): Promise<void> {
  vendor = await startVendor(act)
  gateway = await startGateway({
    providers: { vendor: { format, base_url: vendor.url, keys: ['key-one-0001'] } },
    server: { heartbeat: 0, retries: 0 },
  })
}

async function ask(more: Record<string, unknown> = {}): Promise<{ status: number; text: string }> {
  const body = { model: 'vendor/m', messages: [{ role: 'user', content: 'Hello' }], ...more }
  const answer = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify(body),
  })
  return { status: answer.status, text: await answer.text() }
}

it.each(['choices', 'extra'])('an upstream that answers with it under "%s" gave a bad answer', async (key) => {
  await start(({ response }) => {
    response.writeHead(200, JSON_TYPE).end(`{"choices":[],"${key}":${DEEP}}`)
  })
  const { status, text } = await ask()
  expect(status).toBe(502)
  expect(JSON.parse(text).error).toMatchObject({ code: 'bad_upstream_answer' })
})

it('an event of it says nothing, and the stream goes on', async () => {
  await start(({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const say = (content: string): string =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
    const end = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`
    response.end(`${say('one')}data: {"choices":${DEEP}}\n\n${say(' two')}${end}data: [DONE]\n\n`)
  })
  const { status, text } = await ask({ stream: true })
  expect(status).toBe(200)
  expect(text).toContain('"content":"one"')
  expect(text).toContain('"content":" two"')
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true)
})

it('an error of it is the error that its status says', async () => {
  await start(({ response }) => {
    response.writeHead(400, JSON_TYPE).end(`{"error":${DEEP}}`)
  })
  expect((await ask()).status).toBe(400)
})

it.each(['openai', 'anthropic', 'gemini'])('arguments of it in a conversation are text for %s', async (format) => {
  await start(({ response }) => {
    response.writeHead(400, JSON_TYPE).end('{"error":{"message":"seen"}}')
  }, format)
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: `{"a":${DEEP}}` } }
  const messages = [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'a', content: DEEP },
  ]
  const { status, text } = await ask({ messages })
  expect(status).toBe(400)
  expect(text).toContain('seen')
  expect(vendor.calls).toHaveLength(1)
})
