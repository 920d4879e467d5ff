/** Which model a tool is given where nobody says one. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readEndpoint } from '../../src/cli/endpoint.ts'

const folder = mkdtempSync(join(tmpdir(), 'balanced-call-endpoint-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a tool is given models that chat, the second for small tasks', () => {
  const config = join(folder, 'providers.yaml')
  writeFileSync(
    config,
    `providers: { a: { format: openai, base_url: https://a.example/v1, keys: [k-0000001] } }
models: { vectors: [a/bge-m3], heard: [a/whisper-1], smart: [a/gpt-5.5], ranks: [a/rerank-v3.5], fast: [a/gpt-5.4-mini] }`,
  )
  expect(readEndpoint({ config }).endpoint).toMatchObject({ model: 'smart', smallModel: 'fast' })
})
