import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { keptFacts } from '../../src/config/format-facts.ts'

const shipped = (name: string): string => new URL(`../../src/formats/${name}.yaml`, import.meta.url).pathname

it('keeps what a shipped format says, as long as its file and those that it extends are as they were', () => {
  expect(keptFacts('groq', shipped)).toMatchObject({ cache_per_key: true, paths: { chat: ['/chat/completions'] } })
  expect(keptFacts('toString', shipped)).toBeUndefined()
  const folder = mkdtempSync(join(tmpdir(), 'formats-'))
  const changed = join(folder, 'changed.yaml')
  for (const name of ['groq', 'openai-compatible', 'openai']) {
    writeFileSync(changed, `${readFileSync(shipped(name), 'utf8')}# mine\n`)
    expect(keptFacts('groq', (each) => (each === name ? changed : shipped(each)))).toBeUndefined()
    expect(keptFacts('groq', (each) => (each === name ? join(folder, 'gone') : shipped(each)))).toBeUndefined()
  }
})
