/** An answer of ours, sent back as history, reaches every vendor with its text and its call, and without what we added to it. */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { echoed } from './echo.ts'

const FORMATS = readdirSync(new URL('../../src/formats', import.meta.url)).map((file) => file.replace(/\.yaml$/, ''))
/** They have no chat. */
const VECTORS = new Set(['jina', 'voyage'])
/** They refuse tools, and so a history with a call. */
const NO_CALLS = new Set(['perplexity', 'replicate', 'tgi'])
/** OpenAI takes its own words back; of the others nobody knows what they refuse, and their servers read over them. */
const LENIENT = new Set(
  'azure azure-deployments fireworks llama-cpp-python llamacpp lmstudio openai openai-compatible openrouter sambanova siliconflow snowflake watsonx xai'.split(
    ' ',
  ),
)

test.each(FORMATS.filter((format) => !VECTORS.has(format) && !NO_CALLS.has(format)))('%s', (format) => {
  const ours = ['"server_tools"', ...(LENIENT.has(format) ? [] : ['"annotations"', '"refusal":null'])]
  for (const { name, body } of echoed(format)) {
    const sent = JSON.stringify(body)
    expect(sent, name).toContain('It rains.')
    expect(sent, name).toContain('fine')
    expect(
      ours.filter((field) => sent.includes(field)),
      name,
    ).toEqual([])
  }
})

test.each([...NO_CALLS])('%s refuses the tools', (format) => {
  expect(() => echoed(format)).toThrow('"tools"')
})
