import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const project = path.resolve(import.meta.dirname, '../..')
const judge = path.resolve(project, '../shared/conformance/conformance.mjs')
const present = existsSync(judge)
if (!present) console.warn('skipped: the recorded exchanges are not beside this checkout (../shared)')

/** The judge starts the gateway by `npm start`, replays every recorded exchange behind it and holds the answers to gold. */
function run(...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [judge, '--verbose', ...args],
      { cwd: project, maxBuffer: 1 << 24 },
      (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr })
      },
    )
  })
}

/** All that chat completions can be asked of. */
const FAMILIES = 'openai-chat,anthropic,gemini,bedrock-converse,cohere,ollama,openai-responses'

const failed = (output: string): string[] => output.split('\n').filter((line) => line.includes('✗'))

describe.skipIf(!present)('every recorded exchange through a running server', () => {
  it('comes out as its provider meant it', { timeout: 120_000 }, async () => {
    const { code, output } = await run('--families', FAMILIES)
    expect(failed(output)).toEqual([])
    expect(output).toMatch(/exchanges exact \(100\.0 %\)/)
    expect(code).toBe(0)
  })

  it('does so when its bytes come one by one', { timeout: 120_000 }, async () => {
    const { code, output } = await run('--families', FAMILIES, '--split', '1')
    expect(failed(output)).toEqual([])
    expect(output).toMatch(/exchanges exact \(100\.0 %\)/)
    expect(code).toBe(0)
  })
})
