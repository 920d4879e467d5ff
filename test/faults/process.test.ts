/** The server as a process of its own: told to stop, and killed, while it streams. */
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { EVENT_STREAM, firstPiece, restPieces, ROLE, startVendor, type Vendor, type VendorCall } from './vendor.ts'

const STREAMS = 40

let vendor: Vendor
let folder: string
let config: string
let child: ReturnType<typeof start> | undefined

beforeEach(async () => {
  vendor = await startVendor(half)
  folder = mkdtempSync(path.join(tmpdir(), 'balanced-call-'))
  config = path.join(folder, 'providers.yaml')
  const providers = { vendor: { format: 'openai', base_url: vendor.url, keys: ['key-one-0001'] } }
  writeFileSync(config, JSON.stringify({ providers, server: { heartbeat: 0 } }))
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await vendor.close()
  rmSync(folder, { recursive: true })
})

function half({ response }: VendorCall): void {
  response.writeHead(200, EVENT_STREAM).write(ROLE + firstPiece('text'))
}

async function serve(): Promise<string> {
  child = start(['serve', '--config', config, '--port', '0', '--data', path.join(folder, 'data')])
  return greeted(child)
}

function ask(url: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'vendor/m', stream: true, messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

describe('a server under load', () => {
  it('lets every running stream end when it is told to stop, takes no new one, and exits with 0', async () => {
    const url = await serve()
    const answers = await Promise.all(Array.from({ length: STREAMS }, () => ask(url)))
    const texts = answers.map((answer) => answer.text())
    const exit = once(child ?? process, 'exit')
    child?.kill('SIGTERM')
    await expect
      .poll(() => fetch(`${url}/health`).then(({ status }) => status), { interval: 5, timeout: 30_000 })
      .toBe(503)
    const refused = await ask(url)
    expect(refused.status).toBe(503)
    expect(await refused.json()).toMatchObject({ error: { code: 'shutting_down' } })
    for (const { response } of vendor.calls) response.end(restPieces('text'))
    for (const text of await Promise.all(texts)) expect(text).toMatch(/well\..*data: \[DONE\]\n\n$/s)
    expect(await exit).toEqual([0, null])
    expect(vendor.calls).toHaveLength(STREAMS)
  })

  it('is missed cleanly when it is killed, and serves at once when it is started again', async () => {
    const url = await serve()
    const answers = await Promise.all(Array.from({ length: STREAMS }, () => ask(url)))
    const outcomes = answers.map((answer) =>
      answer.text().then(
        () => 'ended as if it were whole',
        () => 'connection error',
      ),
    )
    const exit = once(child ?? process, 'exit')
    child?.kill('SIGKILL')
    await exit
    expect(new Set(await Promise.all(outcomes))).toEqual(new Set(['connection error']))
    // its upstream calls have gone with it
    await expect.poll(() => vendor.open(), { interval: 5, timeout: 30_000 }).toBe(0)
    const again = await serve()
    const answer = await ask(again)
    expect(answer.status).toBe(200)
    vendor.calls.at(-1)?.response.end(restPieces('text'))
    expect(await answer.text()).toContain('[DONE]')
  })
})
