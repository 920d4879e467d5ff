/** A gateway that serves, with two providers, a queue, clients and a past: what the page is tried on. */
import { Agent, fetch } from 'undici'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { startVendor, type Vendor } from './vendor.ts'

export interface Stage {
  url: string
  vendor: Vendor
  /** The configuration's file. */
  file: string
  /** Asks for an answer of a model as a client; resolves with its status when it has ended. @param patience seconds */
  chat(model: string, client?: string, patience?: number): Promise<number>
  close(): Promise<void>
}

export const ADMIN = 'key-of-the-administrator'

export const CONFIG = (url: string): string => `# what the page is tried on
server:
  ui: edit
  admin_keys: ${ADMIN}
  api_keys: { alice: key-of-alice, bob: key-of-bob, "night job": key-of-night }
providers:
  north:
    format: openai
    base_url: ${url}
    keys: [north-key-1, north-key-2, north-key-3]
    limits:
      - { rpm: 600, concurrency: 8 }
      - { tpm: 400k }
    models:
      large: { price: { input: 3, output: 15 } }
      small: { price: { input: 0.2, output: 0.8 } }
  south:
    format: openai
    base_url: ${url}
    keys: [south-key-1, south-key-2]
    limits: { rpm: 40 }
    models:
      narrow: { price: { input: 1, output: 4 }, limits: { concurrency: 1, scope: key } }
  west:
    format: openai
    base_url: ${url}
    keys: west-key-1
    limits: { rpm: 6 }
    models:
      tiny: { price: { input: 0.1, output: 0.3 } }
models:
  fast: [north/small, south/narrow]
  deep: [north/large]
  narrow: [south/narrow]
  scarce: { routes: [west/tiny], limits: { rpm: 400 } }
clients:
  dora: { keys: key-of-dora, log_bodies: true }
scheduler:
  clients:
    alice: { weight: 2, limits: { usd: 5, per: day } }
    bob: { limits: { rpm: 300 } }
`

/** @param more of the command line */
export async function startStage(config: (url: string) => string = CONFIG, more: string[] = []): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'balanced-call-ui-'))
  const file = join(folder, 'providers.yaml')
  const vendor = await startVendor()
  // each request comes from another client, on a connection of its own
  const clients = new Agent({ pipelining: 0 })
  writeFileSync(file, config(vendor.url))
  const child = start(['serve', '--config', file, '--port', '0', '--data', join(folder, 'data'), ...more], {
    LOG_LEVEL: 'error',
  })
  child.stderr.resume()
  const url = await greeted(child)
  return {
    url,
    vendor,
    file,
    async chat(model, client = 'alice', patience = 30) {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        dispatcher: clients,
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer key-of-${client}`,
          'x-max-wait': String(patience),
        },
        body: JSON.stringify({ model, stream: true, max_tokens: 50, messages: [{ role: 'user', content: 'Hello' }] }),
      })
      await answer.text()
      return answer.status
    },
    async close() {
      // some wait still
      await clients.destroy()
      child.kill('SIGKILL')
      await once(child, 'exit')
      await vendor.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
