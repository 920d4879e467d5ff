/** What a request names by an id or an address lies at one vendor, and there with one account: who can read it gets it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startGateway, type TestGateway } from '../end-to-end/gateway.ts'
import { startVendor, wholeBody, type Vendor, type VendorCall } from './vendor.ts'

const FILE = 'https://generativelanguage.googleapis.com/v1beta/files/abc'
const DENIED = 'You do not have permission to access the File abc or it may not exist.'
const ANSWER = { candidates: [{ content: { role: 'model', parts: [{ text: 'Seen.' }] }, finishReason: 'STOP' }] }

let vendor: Vendor
let gateway: TestGateway
const isGemini = ({ path }: VendorCall): boolean => path.includes(':generateContent')
const keyOf = ({ headers }: VendorCall): unknown => headers['x-goog-api-key']

beforeAll(async () => {
  vendor = await startVendor((call) => {
    const { response } = call
    response.setHeader('content-type', 'application/json')
    if (!isGemini(call)) return response.end(wholeBody('text'))
    if (keyOf(call) === 'owner') return response.end(JSON.stringify(ANSWER))
    response.statusCode = 403
    return response.end(JSON.stringify({ error: { code: 403, message: DENIED, status: 'PERMISSION_DENIED' } }))
  })
  const base_url = vendor.url.replace(/\/v1$/, '')
  gateway = await startGateway({
    providers: {
      gemini: { format: 'gemini', base_url, keys: ['one', 'owner', 'two'], models: { g: {} } },
      strangers: { format: 'gemini', base_url, keys: ['one', 'two'], models: { g: {} } },
      openai: { format: 'openai', base_url: vendor.url, keys: ['k'], models: { o: {} } },
      anthropic: { format: 'anthropic', base_url, keys: ['k'], models: { a: {} } },
    },
    models: {
      mixed: [{ to: 'openai/o', weight: 100 }, 'gemini/g'],
      stranger: ['strangers/g', { to: 'openai/o', tier: 2 }],
      compatible: ['openai/o'],
      other: ['anthropic/a'],
    },
  })
})
afterAll(async () => {
  await gateway.close()
  await vendor.close()
})

async function ask(model: string, fileUri: string, more: object = {}): Promise<{ status: number; text: string }> {
  const parts = [{ text: 'What is it?' }, { fileData: { fileUri, mimeType: 'image/png' } }]
  const response = await fetch(`${gateway.url}/v1beta/models/${model}:generateContent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ contents: [{ role: 'user', parts }], ...more }),
  })
  return { status: response.status, text: await response.text() }
}

describe('a file that one account has', () => {
  it.each([FILE, 'gs://bucket/a.png', 'files/abc', 'https://youtu.be/abc', 'https://m.youtube.com/watch?v=abc'])(
    'goes to the upstream of the same API, and there to the key that can read it: %s',
    async (uri) => {
      const before = vendor.calls.length
      // as often as it takes to spoil a key, were the refusals its fault
      for (let time = 0; time < 60; time++) expect(await ask('mixed', uri)).toMatchObject({ status: 200 })
      const calls = vendor.calls.slice(before)
      expect(calls.filter(isGemini)).toHaveLength(calls.length)
      expect(new Set(calls.slice(-12).map(keyOf)).size).toBeGreaterThan(1)
    },
  )

  it('is refused in the words of the upstream where no key can read it', async () => {
    const { status, text } = await ask('stranger', FILE)
    expect(status).toBe(403)
    expect(JSON.parse(text)).toEqual({ error: { code: 403, message: DENIED, status: 'PERMISSION_DENIED' } })
  })

  it('is refused where the upstream is of another API, but for one that may ask such an upstream', async () => {
    const { status, text } = await ask('other', FILE)
    expect([status, text]).toEqual([
      400,
      expect.stringContaining('read where it is kept, by an upstream of the same API'),
    ])
    expect(await ask('compatible', FILE)).toMatchObject({ status: 200 })
    expect(await ask('other', 'https://example.com/files/a.png')).not.toMatchObject({
      text: expect.stringContaining('where it is kept'),
    })
  })
})

it('sends what builds on a kept context to an upstream of the same API only', async () => {
  const { status, text } = await ask('compatible', 'https://example.com/a.png', { cachedContent: 'cachedContents/a' })
  expect([status, text]).toEqual([400, expect.stringContaining('cachedContent names what is kept elsewhere')])
})
