import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

const project = path.resolve(import.meta.dirname, '../..')
const judge = path.resolve(project, '../shared/conformance/inbound.mjs')
const present = existsSync(judge)
if (!present) console.warn('skipped: the judge of the inbound APIs is not beside this checkout (../shared)')

/** What an upstream may speak, of the wires that have a format here. */
const FAMILIES = ['openai-chat', 'anthropic', 'gemini', 'bedrock-converse', 'cohere']
if (existsSync(path.join(project, 'src/formats/openai-responses.yaml'))) FAMILIES.push('openai-responses')

/** What the judge and this server see differently, and why this server stays with it. */
const OBJECTIONS = [
  // the upstream has no such model, which is 404 here whatever the upstream's own status was; the judge takes any 404 for a lack of an endpoint
  'bedrock-converse-json-bedrock-error-0',
  // an image by an id of one vendor's own files has no URL that OpenAI's `image_url` could hold: it goes as a file with its id
  'anthropic-messages-json-multimodal-tool-return-matrix-direct-uploaded-file-image-ant-1',
  // `tools` is one object here, which the API takes and this server translates; the judge reads a list alone, and throws
  'gemini-generate-json-multiple-agent-tool-calls-1',
]

/** The judge starts the gateway by `npm start`, and asks it over each recorded upstream in the API's own words. */
function run(...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [judge, '--verbose', '--families', FAMILIES.join(','), ...args],
      { cwd: project, maxBuffer: 1 << 24 },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    )
  })
}

function failed(output: string): string[] {
  return output.split('\n').filter((line) => line.includes('✗') && !OBJECTIONS.some((id) => line.includes(`| ${id} |`)))
}

describe.skipIf(!present).each(['messages', 'gemini'])('%s over every recorded upstream', (api) => {
  it('says what each upstream said, and sends what each client said', { timeout: 300_000 }, async () => {
    const output = await run('--api', api)
    expect(failed(output)).toEqual([])
    expect(output).toMatch(/\d+\/\d+ exact/)
  })

  it('does so when its bytes come one by one', { timeout: 300_000 }, async () => {
    const output = await run('--api', api, '--split', '1', '--part', 'cross,same')
    expect(failed(output)).toEqual([])
    expect(output).toMatch(/\d+\/\d+ exact/)
  })
})
