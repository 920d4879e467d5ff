/** A body against the schema of its API: what fits passes quickly, and of the rest the first fault is told. */
import { createRequire } from 'node:module'
import type { ValidateFunction } from 'ajv'
import type { GatewayError } from '../../../../chat/error.ts'
import { schemaCheck } from '../../../../runtime/schema/check.ts'
import { schemaError } from './schema-error.ts'

export type BodyCheck = (body: unknown) => GatewayError | undefined

export function createBodyCheck(schema: object): BodyCheck {
  const fits = schemaCheck(schema)
  let validate: ValidateFunction | undefined
  return (body) => {
    if (fits(body)) return undefined
    validate ??= compiled(schema)
    return validate(body) ? undefined : schemaError(validate.errors?.[0], body)
  }
}

/** When a body is first refused: the library that knows why takes a start as long as all that a server is made of. */
function compiled(schema: object): ValidateFunction {
  const { Ajv } = createRequire(import.meta.url)('ajv') as typeof import('ajv')
  return new Ajv({ strict: false, validateSchema: false, allowUnionTypes: true }).compile(schema)
}
