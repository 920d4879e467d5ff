import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { isRecordedHere, openaiSchemaFile } from './recorded.ts'

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
if (isRecordedHere) ajv.addSchema(JSON.parse(readFileSync(openaiSchemaFile, 'utf8')) as object, 'openai')

const compiled = new Map<string, ValidateFunction>()

/** What OpenAI's own schema has against a value: nothing, or one line. */
export function against(definition: string, value: unknown): string | undefined {
  if (!isRecordedHere) return undefined
  let validate = compiled.get(definition)
  if (validate === undefined)
    compiled.set(definition, (validate = ajv.compile({ $ref: `openai#/$defs/${definition}` })))
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}
