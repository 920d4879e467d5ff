/** `test --live` and `--record` against the embedded upstream on a socket: what a real vendor would be asked. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { parseSource } from '../../src/config/document/read-source.ts'
import { checkCase } from '../../src/format-tools/cases/check-case.ts'
import { readCases } from '../../src/format-tools/cases/case.ts'
import { measured, withCapabilities } from '../../src/format-tools/live/capabilities.ts'
import { liveText } from '../../src/format-tools/live/live-text.ts'
import { PROBES } from '../../src/format-tools/live/probes.ts'
import { runLive, storeCases } from '../../src/format-tools/live/run-live.ts'
import type { SandboxOptions } from '../../src/sandbox/types.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import { createClient } from '../../src/upstream/http/client.ts'
import type { Provider } from '../../src/config/config.ts'
import { write } from '../config/files.ts'

const KEY = 'sk-a-key-that-nobody-may-see'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'live-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** Asks a sandbox all probes. */
async function ask(options: SandboxOptions = {}) {
  const sandbox = await startSandbox({ first_byte: 0, pace: 0, keys: [KEY], ...options })
  const client = createClient()
  const file = write(
    folder,
    'providers.yaml',
    `providers: { mine: { format: openai, base_url: "${sandbox.url}/v1", keys: ["\${MINE}"] } }`,
  )
  const [provider] = loadConfig(file, { MINE: KEY }).providers as [Provider]
  try {
    return { provider, exchanges: await runLive(provider, 'sandbox', KEY, client) }
  } finally {
    await client.destroy()
    await sandbox.close()
  }
}

test('all probes hold, and what the model can is measured', async () => {
  const { exchanges } = await ask()
  expect(exchanges.map(({ probe, faults }) => [probe.name, faults])).toEqual(PROBES.map(({ name }) => [name, []]))
  expect(measured(exchanges)).toEqual({ tools: true, vision: true, json_schema: true })
  expect(liveText('mine', 'sandbox', exchanges)).toContain('all 10 probes hold')
})

test('what is recorded are cases that hold, and no secret is in them', async () => {
  const { provider, exchanges } = await ask()
  const file = storeCases(folder, 'mine', 'sandbox', exchanges)
  expect(readFileSync(file, 'utf8')).not.toContain(KEY)
  const cases = readCases(file)
  expect(cases.map(({ name }) => name)).toEqual(PROBES.map(({ name }) => name))
  expect(cases.filter((each) => each.sends && each.gives).length).toBe(PROBES.length)
  for (const each of cases) expect([each.name, checkCase(each, provider.format)]).toEqual([each.name, []])
})

test('a case that was recorded fails when the definition no longer reads the answer', async () => {
  const { provider, exchanges } = await ask()
  const [stream] = exchanges.flatMap(({ probe, case: each }) => (probe.name === 'stream' && each ? [each] : []))
  const deaf = { ...provider.format, decoder: () => ({ decode: () => false, end: () => {} }) }
  expect(stream && checkCase(stream, deaf)).not.toEqual([])
})

describe('what goes wrong is told', () => {
  test('a model that calls no tool cannot call tools', async () => {
    const { exchanges } = await ask({ behave: () => ({ say: 'I would rather not.' }) })
    const text = exchanges.find(({ probe }) => probe.name === 'json_schema')
    expect(text?.faults).toEqual(['it does not fit the schema'])
    expect(measured(exchanges)).toMatchObject({ json_schema: false, vision: false })
  })

  test('a limit that is met says nothing of what the model can', async () => {
    const { exchanges } = await ask({ behave: () => ({ status: 429, retry_after: 1 }) })
    expect(exchanges[0]?.faults[0]).toContain('429 rate_limit')
    expect(measured(exchanges)).toEqual({})
  })

  test('a stream that breaks off', async () => {
    const { exchanges } = await ask({ behave: ({ stream }) => (stream ? { fault: 'cut' } : undefined) })
    const stream = exchanges.find(({ probe }) => probe.name === 'stream')
    expect(stream?.faults).not.toEqual([])
  })
})

describe('the measured values go into the file, and nothing else changes', () => {
  const found = { tools: true, vision: false }
  const head = 'providers:\n  mine: # a comment\n    models:\n'
  test.each([
    ['a flow map', '      m: { tools: false, context: 9 }\n', '      m: { vision: false, tools: true, context: 9 }\n'],
    [
      'a block map',
      '      m:\n        context: 9 # known\n',
      '      m:\n        tools: true\n        vision: false\n        context: 9 # known\n',
    ],
    ['nothing', '      m: ~\n      n: ~\n', '      m: { tools: true, vision: false }\n      n: ~\n'],
    ['no value', '      m:\n', '      m: { tools: true, vision: false }\n'],
    ['a new model', '      n: { context: 9 }\n', '      m: { tools: true, vision: false }\n      n: { context: 9 }\n'],
  ])('%s', (_, before, after) => {
    expect(withCapabilities(parseSource('f.yaml', head + before), 'mine', 'm', found)).toBe(head + after)
  })
})
