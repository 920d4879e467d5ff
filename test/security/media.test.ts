/** Images that a client names by URL, for a vendor that takes only bytes. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { JSON_TYPE, startVendor, type Vendor } from '../faults/vendor.ts'

const PNG = Buffer.from('\x89PNG\r\n\x1a\n0000', 'latin1')

let vendor: Vendor
let gateway: TestGateway
let files: Server
const fetched: string[] = []

afterEach(async () => {
  await gateway.close()
  await vendor.close()
  files.closeAllConnections()
  files.close()
  fetched.length = 0
})

/** @param own this machine counts as public */
async function start(own: boolean): Promise<string> {
  files = createServer((request, response) => {
    fetched.push(request.url ?? '')
    if (request.url === '/gone.png') response.writeHead(404).end()
    else response.writeHead(200, { 'content-type': 'image/png' }).end(PNG)
  })
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  let asked = 0
  vendor = await startVendor(({ response }) => {
    if (++asked === 1 && own) response.writeHead(500, JSON_TYPE).end('{}')
    else
      response
        .writeHead(200, JSON_TYPE)
        .end('{"model":"m","message":{"role":"assistant","content":"A dot."},"done":true,"done_reason":"stop"}')
  })
  gateway = await startGateway(
    {
      providers: { vendor: { format: 'ollama', base_url: vendor.url, keys: ['key-one-0001', 'key-two-0002'] } },
      server: { heartbeat: 0 },
    },
    {},
    { allowMedia: (address) => own && address === '127.0.0.1' },
  )
  return `http://127.0.0.1:${(files.address() as AddressInfo).port}`
}

const picture = (url: string) => ({ type: 'image_url', image_url: { url } })

function ask(url: string, ...before: object[]): Promise<Response> {
  const content = [{ type: 'text', text: 'What is this?' }, picture(url)]
  return fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: JSON_TYPE,
    body: JSON.stringify({ model: 'vendor/m', messages: [...before, { role: 'user', content }] }),
  })
}

describe('an image by URL', () => {
  it('is fetched once, however many keys are tried, and sent as bytes', async () => {
    const host = await start(true)
    const answer = await ask(`${host}/dot.png`)
    expect(answer.status).toBe(200)
    expect(fetched).toEqual(['/dot.png'])
    expect(vendor.calls).toHaveLength(2)
    expect(JSON.stringify(vendor.calls[1]?.body)).toContain(PNG.toString('base64'))
  })

  it('that a model made may have gone since, and the conversation goes on', async () => {
    const host = await start(true)
    const made = { role: 'assistant', content: 'Here it is.', images: [picture(`${host}/gone.png`)] }
    const answer = await ask(`${host}/dot.png`, { role: 'user', content: 'Draw a dot' }, made)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('x-balanced-call-warnings')).toContain(
      '1 of the files that a model made cannot be fetched',
    )
    expect(JSON.stringify(vendor.calls[1]?.body)).toContain(PNG.toString('base64'))
    expect((await ask(`${host}/gone.png`)).status).toBe(400)
  })

  it.each([
    (own: string) => `${own}/dot.png`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'http://[::1]/x',
    () => 'http://2130706433/x',
    () => 'http://localhost/x',
    () => 'file:///etc/passwd',
    () => 'gopher://127.0.0.1/x',
  ])('inside the own network is refused, and nothing is fetched or sent', async (url) => {
    const answer = await ask(url(await start(false)))
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    expect(fetched).toEqual([])
    expect(vendor.calls).toEqual([])
    // the client's own fault is nobody else's
    expect(gateway.app.scheduler.report()).toMatchObject({
      inFlight: 0,
      keys: [{ state: 'ready' }, { state: 'ready' }],
    })
  })
})
