/** `probe` and `test --live` as commands, against the embedded upstream on a socket. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run as probe } from '../../src/cli/commands/probe.ts'
import { run as runTest } from '../../src/cli/commands/test.ts'
import { startSandbox } from '../../src/sandbox/sandbox.ts'
import type { Sandbox } from '../../src/sandbox/types.ts'
import { write } from '../config/files.ts'
import { printed } from './command-line.ts'

const GOOD = 'sk-good-key-1234567890'
let folder: string
let sandbox: Sandbox
let config: string

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'probe-'))
  sandbox = await startSandbox({ first_byte: 0, pace: 0, keys: [GOOD] })
  config = write(
    folder,
    'providers.yaml',
    `providers:
  mine:
    format: openai
    base_url: ${sandbox.url}/v1
    keys: [${GOOD}, sk-dead-key-1234567890]
    models:
      sandbox: { context: 9000 } # measured next
  yours: { format: openai, base_url: ${sandbox.url}/v1, keys: ["\${NO_SUCH_KEY_HERE}"] }
`,
  )
})
afterEach(async () => {
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

test('each key is tried, and named without being shown', async () => {
  const { code, text } = await printed(() => probe(['--config', config]))
  expect(code).toBe(1)
  expect(text).toMatch(/^mine#1 +sandbox +ok/m)
  expect(text).toMatch(/^mine#2 +sandbox +FAIL .*key/m)
  expect(text).toContain('1 of 2 keys do not work')
  expect(text).not.toContain(GOOD)
})

test('a provider that is not there is named', async () => {
  await expect(probe(['yours', '--config', config])).rejects.toThrow('yours is not live: no key')
  await expect(probe(['mien', '--config', config])).rejects.toThrow('did you mean')
})

test('test --live measures, records and writes what it found into the file', async () => {
  const recorded = join(folder, 'recorded')
  const args = ['mine', '--live', '--config', config, '--record', recorded, '--write']
  const { code, text } = await printed(() => runTest(args))
  expect([code, text]).toEqual([0, expect.stringContaining('all 10 probes hold')])
  expect(readFileSync(config, 'utf8')).toContain(
    'sandbox: { tools: true, json_schema: true, vision: true, context: 9000 } # measured next',
  )
  const again = await printed(() => runTest(['openai', '--cases', recorded]))
  expect(again.code).toBe(0)
  expect(readFileSync(join(recorded, 'mine-sandbox.yaml'), 'utf8')).not.toContain(GOOD)
})
