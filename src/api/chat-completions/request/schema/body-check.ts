/** A body against the schema of its API: what fits passes quickly, and of the rest the first fault is told. */
import type { Ajv, ValidateFunction } from 'ajv'
import type { GatewayError } from '../../../../chat/error.ts'
import { onDemand } from '../../../../runtime/modules.ts'
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

const library = onDemand<{ Ajv: typeof Ajv }>('ajv', import.meta.url)

/** When a body is first refused: the library that knows why takes a start as long as all that a server is made of. */
function compiled(schema: object): ValidateFunction {
  return new (library().Ajv)({ strict: false, validateSchema: false, allowUnionTypes: true }).compile(schema)
}
