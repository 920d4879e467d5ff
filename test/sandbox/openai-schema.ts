/** OpenAI's own schema of what leaves a server, where the folder that holds it is present. */
import { existsSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'

const FILE = new URL('../../../shared/openai.schema.json', import.meta.url)

export const present = existsSync(FILE)

if (!present) console.warn('skipped: openai.schema.json is absent, answers are not held against it')

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
if (present) ajv.addSchema(JSON.parse(readFileSync(FILE, 'utf8')), 'openai')

/** What is wrong with it, as text; empty when nothing is. */
export function faults(name: string, value: unknown): string {
  if (!present) return ''
  const validate = ajv.getSchema(`openai#/$defs/${name}`)
  if (!validate) throw new Error(`the schema has no ${name}`)
  return validate(value) ? '' : `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`
}
