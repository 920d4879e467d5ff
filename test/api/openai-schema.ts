import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { isRecordedHere, openaiSchemaFile } from './recorded.ts'

const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
if (isRecordedHere) ajv.addSchema(JSON.parse(readFileSync(openaiSchemaFile, 'utf8')) as object, 'openai')

/** Several of its alternatives fit one value where they overlap, which `oneOf` forbids: here one at least must fit. */
const loose = new Ajv2020({ strict: false, allErrors: true, validateFormats: false })
if (isRecordedHere) {
  const text = readFileSync(openaiSchemaFile, 'utf8').replaceAll('"oneOf"', '"anyOf"')
  loose.addSchema(JSON.parse(text) as object, 'openai')
}

const compiled = new Map<string, ValidateFunction>()

/** What OpenAI's own schema has against a value: nothing, or one line. @param isLoose alternatives may overlap */
export function against(definition: string, value: unknown, isLoose = false): string | undefined {
  if (!isRecordedHere) return undefined
  const name = isLoose ? `${definition}, loosely` : definition
  let validate = compiled.get(name)
  if (validate === undefined)
    compiled.set(name, (validate = (isLoose ? loose : ajv).compile({ $ref: `openai#/$defs/${definition}` })))
  return validate(value) ? undefined : ajv.errorsText(validate.errors)
}
