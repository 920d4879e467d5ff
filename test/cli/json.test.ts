/** What commands print for programs: one JSON, whether things are well or not, and the exit code says which. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { run as check } from '../../src/cli/commands/check.ts'
import { run as convert } from '../../src/cli/commands/convert.ts'
import { run as probe } from '../../src/cli/commands/probe.ts'
import { run as cases } from '../../src/cli/commands/test.ts'
import { SANDBOX } from '../end-to-end/gateway.ts'
import { printed } from '../format-tools/command-line.ts'

let folder: string
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'json-'))))
afterAll(() => rmSync(folder, { recursive: true }))

async function told(run: () => Promise<number>): Promise<{ code: number; json: unknown }> {
  const { code, text } = await printed(run)
  return { code, json: JSON.parse(text) }
}

test('check', async () => {
  const good = file('good.yaml', JSON.stringify(SANDBOX))
  expect(await told(() => check(['--json', good]))).toMatchObject({
    code: 0,
    json: {
      ok: true,
      providers: [{ name: 'sandbox', keys: ['sandbox#1'], models: ['sandbox-fast'] }],
      models: [{ model: 'fast', routes: ['sandbox/sandbox-fast'] }, { model: 'auto' }],
      left_out: [],
      prices: { name: '@pydantic/genai-prices' },
    },
  })
  const doubled = file(
    'doubled.yaml',
    'providers:\n  a: { format: anthropic, base_url: "http://a/v1", keys: [k-0001] }\n',
  )
  expect(await told(() => check(['--json', doubled]))).toMatchObject({
    code: 0,
    json: { ok: true, providers: [{ base_url: 'http://a' }], warnings: [{ line: 2, column: 37 }] },
  })
  const bad = file('bad.yaml', 'providers:\n  a: { format: openai, base_ulr: x }\n')
  const found = await told(() => check(['--json', bad]))
  expect(found).toMatchObject({ code: 1, json: { ok: false, problems: [{ line: 2, message: expect.any(String) }] } })
  const format = await told(() => check(['--json', 'src/formats/openai.yaml']))
  expect(format).toMatchObject({ code: 0, json: { ok: true, kind: 'format' } })
})

test('test', async () => {
  expect(await told(() => cases(['--json', 'groq']))).toMatchObject({
    code: 0,
    json: [{ format: 'groq', ok: true, cases: expect.any(Array) }],
  })
})

test('test --live and probe', async () => {
  const config = ['--config', file('good.yaml', JSON.stringify(SANDBOX))]
  expect(await told(() => probe(['--json', ...config]))).toMatchObject({
    code: 0,
    json: [{ key: 'sandbox#1', model: 'sandbox-fast', ok: true }],
  })
  const live = await told(() => cases(['sandbox', '--live', '--json', ...config]))
  expect(live.json).toMatchObject([{ provider: 'sandbox', model: 'sandbox-fast', exchanges: expect.any(Array) }])
})

test('convert', async () => {
  const body = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] }
  const input = vi.spyOn(process, 'stdin', 'get')
  input.mockReturnValue(Readable.from([JSON.stringify(body)]) as Partial<typeof process.stdin> as typeof process.stdin)
  const config = file('good.yaml', JSON.stringify(SANDBOX))
  const shown = await told(() => convert(['--to', 'sandbox/x', '--json', '--config', config]))
  input.mockRestore()
  expect(shown).toMatchObject({ code: 0, json: { method: 'POST', body: { model: 'x' } } })
})
