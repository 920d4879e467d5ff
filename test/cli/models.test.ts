/** `models` against vendors that tell their lists in the forms of Anthropic, OpenAI, Gemini and others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../src/cli/commands/models.ts'
import { printed } from '../format-tools/command-line.ts'

const KEY = 'sk-good-key-1234567890'
const DEAD = 'sk-dead-key-1234567890'

interface Asked {
  method: string
  url: string
  headers: IncomingHttpHeaders
}

let folder: string
let config: string
let vendor: Server
let asked: Asked[]
/** By path and query. */
let pages: Record<string, unknown>

beforeEach(async () => {
  asked = []
  pages = {}
  folder = mkdtempSync(path.join(tmpdir(), 'models-'))
  config = path.join(folder, 'providers.yaml')
  vendor = createServer(({ method = '', url = '', headers }, response) => {
    asked.push({ method, url, headers })
    const isDead = JSON.stringify(headers).includes(DEAD)
    const page = isDead ? { error: { message: `no key ${DEAD}` } } : pages[url]
    response.writeHead(isDead ? 401 : page === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(page ?? { error: { message: 'nothing here' } }))
  }).listen(0, '127.0.0.1')
  await once(vendor, 'listening')
})

afterEach(() => {
  vendor.closeAllConnections()
  vendor.close()
  rmSync(folder, { recursive: true })
})

/** @param more of the provider `mine`, and of the file */
function configured(format: string, models: unknown, more: Record<string, unknown> = {}, base = ''): void {
  const base_url = `http://127.0.0.1:${(vendor.address() as AddressInfo).port}${base}`
  const mine = { format, base_url, keys: [DEAD, KEY], models }
  writeFileSync(config, JSON.stringify({ providers: { mine }, ...more }))
}

const refresh = (): ReturnType<typeof printed> => printed(() => run(['--config', config, '--refresh', 'mine']))
async function told(): Promise<Record<string, unknown>> {
  return JSON.parse((await printed(() => run(['--config', config, '--refresh', 'mine', '--json']))).text) as never
}

const claude = (id: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  type: 'model',
  id,
  lifecycle: 'active',
  retires_at: null,
  max_input_tokens: 200_000,
  max_tokens: 64_000,
  capabilities: {
    image_input: { supported: true },
    structured_outputs: { supported: true },
    thinking: { supported: true, types: { adaptive: { supported: false }, enabled: { supported: true } } },
  },
  ...more,
})

describe('models --refresh', () => {
  it('reads all pages of Anthropic, and says what is gone, ending, new and otherwise', async () => {
    configured('anthropic', {
      'claude-haiku-4-5': { context: 100_000, vision: true },
      'claude-3-opus': {},
      'claude-sonnet-4-0': {},
    })
    pages['/v1/models?limit=1000'] = {
      data: [claude('claude-haiku-4-5-20251001')],
      has_more: true,
      last_id: 'claude-haiku-4-5-20251001',
    }
    pages['/v1/models?limit=1000&after_id=claude-haiku-4-5-20251001'] = {
      data: [
        claude('claude-sonnet-4-0', { lifecycle: 'deprecated', retires_at: '2026-11-30T00:00:00Z' }),
        claude('claude-sonnet-9', { max_tokens: 256_000, max_input_tokens: 2_000_000 }),
      ],
      has_more: false,
      last_id: 'claude-sonnet-9',
    }
    const { code, text } = await refresh()
    expect(code).toBe(1)
    expect(text).toMatch(/not listed any more:\n {2}claude-3-opus\n/)
    expect(text).toMatch(/^claude-sonnet-4-0 +deprecated +2026-11-30T00:00:00Z$/m)
    expect(text).toMatch(/^claude-haiku-4-5 +context +100000 +200000$/m)
    // what the globs of the format take for true of a name that they do not know
    expect(text).toMatch(/^claude-sonnet-9 +most_tokens +64000 +256000$/m)
    expect(text).toMatch(/^claude-sonnet-9 +thinking +adaptive +budget$/m)
    expect(text).toMatch(/new:\n {2}claude-sonnet-9\n/)
    expect(text).toContain('mine lists 3 models; 3 are known here: 1 gone, 1 ending')
    expect(text).not.toContain(KEY)
    expect(asked.map(({ method }) => method)).toEqual(['GET', 'GET', 'GET'])
    expect(asked.at(-1)?.headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-version': expect.any(String) })
    expect(asked.at(-1)?.headers).not.toHaveProperty('content-type')
  })

  it('reads what vendors of OpenAI’s form add', async () => {
    configured('mistral', { a: { context: 8000, tools: true }, b: {} }, { models: { fast: ['mine/c'] } }, '/v1')
    pages['/v1/models'] = {
      object: 'list',
      data: [
        {
          id: 'a',
          max_context_length: 32_768,
          capabilities: { function_calling: false, vision: false },
          deprecation: null,
        },
        { id: 'b', context_window: 9, active: false, deprecation: '2026-11-30' },
      ],
    }
    expect(await told()).toMatchObject({
      provider: 'mine',
      gone: ['c'],
      ending: [{ model: 'b', lifecycle: 'retired', retires: '2026-11-30' }],
      fresh: [],
      wrong: [
        { model: 'a', what: 'context', ours: 8000, theirs: 32_768 },
        { model: 'a', what: 'tools', ours: true, theirs: false },
      ],
    })
    expect(asked.at(-1)?.headers['authorization']).toBe(`Bearer ${KEY}`)
  })

  it('is satisfied where nothing has changed', async () => {
    configured('together', { a: { context: 10 } }, {}, '/v1')
    pages['/v1/models'] = [{ id: 'a', context_length: 10 }]
    const { code, text } = await refresh()
    expect([code, text]).toEqual([0, 'mine lists 1 models; 1 are known here: 0 gone, 0 ending, 0 facts differ, 0 new'])
  })

  it('reads all pages of Gemini, Cohere’s list, and Ollama’s', async () => {
    configured('gemini', { 'gemini-2.5-flash': { context: 1, max_output: 65_536 } })
    pages['/v1beta/models?pageSize=1000'] = { models: [{ name: 'models/gemini-x' }], nextPageToken: 'n' }
    pages['/v1beta/models?pageSize=1000&pageToken=n'] = {
      models: [{ name: 'models/gemini-2.5-flash-001', inputTokenLimit: 1_048_576, outputTokenLimit: 65_536 }],
    }
    expect(await told()).toMatchObject({
      gone: [],
      fresh: ['gemini-x'],
      wrong: [{ model: 'gemini-2.5-flash', what: 'context', ours: 1, theirs: 1_048_576 }],
    })
    configured('cohere', { command: {} })
    pages['/v1/models?page_size=1000'] = { models: [{ name: 'command', context_length: 4, is_deprecated: true }] }
    expect(await told()).toMatchObject({
      ending: [{ model: 'command', lifecycle: 'deprecated' }],
      listed: [{ id: 'command', context: 4 }],
    })
    configured('ollama', { llama3: {} })
    pages['/api/tags'] = { models: [{ name: 'llama3:latest', size: 1 }] }
    expect(await told()).toMatchObject({ gone: [], fresh: [] })
  })

  it('says why there is no list: no such path, no list in the answer, none in the format, no such provider', async () => {
    configured('openai', { a: {} }, {}, '/v1')
    await expect(refresh()).rejects.toThrow(/mine does not tell its models: mine#2: .*nothing here/)
    pages['/v1/models'] = { hello: 1 }
    await expect(refresh()).rejects.toThrow(/answered 200 without a list/)
    configured('bedrock-anthropic', { a: {} })
    await expect(refresh()).rejects.toThrow(/the format bedrock-anthropic says of no list of models/)
    await expect(run(['--config', config, '--refresh', 'yours'])).rejects.toThrow('no provider "yours" in')
  })
})

it('models lists public models and routes, with what is known of each', async () => {
  configured(
    'anthropic',
    { 'claude-haiku-4-5': { context: 200_000, max_output: 64_000, tools: true } },
    { models: { fast: ['mine/claude-haiku-4-5', { to: 'mine/claude-x', tier: 1 }] } },
  )
  const { code, text } = await printed(() => run(['--config', config]))
  expect(code).toBe(0)
  expect(text).toMatch(/^fast +mine\/claude-haiku-4-5 +200000 +64000 +tools +thinking budget, most_tokens 64000$/m)
  expect(text).toMatch(/^mine\/claude-haiku-4-5 +200000/m)
  const { text: json } = await printed(() => run(['--config', config, '--json']))
  expect(JSON.parse(json)[0]).toMatchObject({
    model: 'fast',
    routes: [
      { provider: 'mine', model: 'claude-haiku-4-5', context: 200_000, can: ['tools'], traits: { thinking: 'budget' } },
      { model: 'claude-x', tier: 1 },
    ],
  })
  expect(asked).toEqual([])
})
