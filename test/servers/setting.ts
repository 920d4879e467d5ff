/** A gateway before one server, and what the scenarios know of both. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { greeted, start } from '../scheduler-http/command-line.ts'
import { asker, type Ask, type Json } from './ask.ts'

export interface RunningServer {
  /** The `base_url` of the gateway's provider. */
  url: string
  /** Where the server takes a chat. */
  chatUrl: string
  format: string
  model: string
  /** None where the server takes everybody. */
  key?: string
  /** Another process or model, for embeddings. */
  embeddings?: { url: string; model: string }
  /** It answers for the models that it has, and for no other name. */
  knowsModels?: boolean
  /** A model calls a tool only where it is named. */
  callsByNameOnly?: boolean
  /** A field of a wrong type that it judges itself. */
  wrongOption?: Json
  /** Probes of `test --live` that this server cannot pass, as its notes say. */
  beyond?: string[]
  stop(): Promise<void>
}

export interface Setting {
  server: RunningServer
  /** The gateway's address. */
  url: string
  key: string
  config: string
  /** For what the scenarios write. */
  folder: string
  ask: Ask
  stop(): void
}

const KEY = 'key-of-a-client-0001'

export async function startGateway(server: RunningServer, folder: string): Promise<Setting> {
  mkdirSync(folder, { recursive: true })
  const { format, model } = server
  const keys = server.key === undefined ? { keyless: true } : { keys: [server.key] }
  const up = { format, base_url: server.url, ...keys }
  const embeddings = server.embeddings ?? { url: server.url, model }
  const config = join(folder, 'providers.yaml')
  writeFileSync(
    config,
    JSON.stringify({
      server: { api_keys: [KEY], heartbeat: '1s' },
      providers: {
        up: { ...up, models: [model] },
        lacking: { ...up, models: ['no-such-model'] },
        locked: { format, base_url: server.url, keys: ['wrong-key-0001'], models: [model] },
        embedding: { ...up, base_url: embeddings.url, models: [embeddings.model] },
      },
      models: {
        fast: [`up/${model}`],
        unknown: ['lacking/no-such-model'],
        locked: [`locked/${model}`],
        embed: [`embedding/${embeddings.model}`],
      },
    }),
  )
  const gateway = start(['serve', '--config', config, '--port', '0'])
  const url = await greeted(gateway)
  const stop = (): void => void gateway.kill('SIGKILL')
  return { server, url, key: KEY, config, folder, ask: asker(url, KEY).ask, stop }
}
