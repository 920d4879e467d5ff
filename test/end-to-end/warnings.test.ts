import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { startGateway } from './gateway.ts'

it('warns the client and the log of a field that the vendor does not take', async () => {
  const answer = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    content: [{ type: 'text', text: 'Hi' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 3, output_tokens: 1 },
  }
  const vendor = createServer((request, response) => {
    request.resume().on('end', () => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer)))
  })
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`
  const gateway = await startGateway({ providers: { v: { format: 'anthropic', base_url, keys: ['key-00000001'] } } })
  try {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'v/claude-x', seed: 7, messages: [{ role: 'user', content: 'Hello' }] }),
    })
    const warning = 'seed: anthropic does not take it, left out'
    expect(response.headers.get('x-balanced-call-warnings')).toBe(warning)
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: 'Hi' } }] })
    const logged = (): unknown => gateway.lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'chat')
    await expect.poll(logged).toMatchObject({ outcome: 'ok', warnings: [warning] })
  } finally {
    await gateway.close()
    vendor.close()
  }
})

it('warns of a picture that the API of the client has no place for: in the head of a whole answer, in the log of each', async () => {
  const parts = [{ text: 'Here' }, { inlineData: { mimeType: 'image/png', data: 'UElD' } }]
  const answer = { candidates: [{ content: { parts, role: 'model' }, finishReason: 'STOP', index: 0 }] }
  const vendor = createServer((request, response) => {
    const streams = request.url?.includes('stream') === true
    const body = streams ? `data: ${JSON.stringify(answer)}\r\n\r\n` : JSON.stringify(answer)
    const type = streams ? 'text/event-stream' : 'application/json'
    request.resume().on('end', () => response.setHeader('content-type', type).end(body))
  })
  await new Promise<void>((resolve) => vendor.listen(0, '127.0.0.1', resolve))
  const base_url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}`
  const gateway = await startGateway({ providers: { v: { format: 'gemini', base_url, keys: ['key-00000001'] } } })
  try {
    const warning = 'images of the answer: this API has no place for them, left out'
    for (const stream of [false, true]) {
      const messages = [{ role: 'user', content: 'Draw' }]
      const response = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'v/gemini-x', max_tokens: 9, stream, messages }),
      })
      expect(await response.text()).toContain('Here')
      if (!stream) expect(response.headers.get('x-balanced-call-warnings')).toBe(warning)
    }
    const logged = (): unknown => gateway.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'chat')
    await expect.poll(logged).toMatchObject([{ warnings: [warning] }, { warnings: [warning] }])
  } finally {
    await gateway.close()
    vendor.close()
  }
})
