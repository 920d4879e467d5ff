/** The tutorial's blocks, put together as its reader would: pieces of the definition merged, cases appended. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { extended } from '../../src/config/sections/extend.ts'

export interface Step {
  title: string
  /** The whole definition after this step. */
  definition: Record<string, unknown>
  /** The cases so far, as YAML text. */
  cases: string
}

const PAGE = new URL('../../docs/WIRE-FORMATS.md', import.meta.url)
const BLOCK = /^```yaml (\S+)\n([^]*?)^```$/gm

export function tutorialSteps(): Step[] {
  const [tutorial = ''] = readFileSync(PAGE, 'utf8').split(/^# Reference$/m)
  const steps: Step[] = []
  let definition: Record<string, unknown> = {}
  let cases = ''
  for (const section of tutorial.split(/^## /m).slice(1)) {
    for (const { file, text } of blocks(section)) {
      if (file === 'heron.yaml') definition = extended(definition, parse(text) as Record<string, unknown>)
      if (file === 'heron.cases.yaml') cases += `${text}\n`
    }
    steps.push({ title: section.split('\n')[0] ?? '', definition, cases })
  }
  return steps
}

/** The configuration of the last step. */
export function tutorialConfig(): Record<string, unknown> {
  const found = blocks(readFileSync(PAGE, 'utf8')).find(({ file }) => file === 'providers.yaml')
  return parse(found?.text ?? '') as Record<string, unknown>
}

function blocks(text: string): { file: string; text: string }[] {
  return [...text.matchAll(BLOCK)].map((match) => ({ file: match[1] ?? '', text: match[2] ?? '' }))
}
