/** Functions that templates call: `$use: schema`, `of: $parameters`, `with: { … }`. */
import type { TemplateFunction } from '../../definition/context.ts'
import { join } from './join.ts'
import { jsonObject, jsonText } from './json.ts'
import { least } from './least.ts'
import { lowerCase } from './lower-case.ts'
import { mediaType } from './media-type.ts'
import { schema } from './schema.ts'
import { split } from './split.ts'
import { base64Text } from './base64-text.ts'
import { characters } from './characters.ts'
import { filled } from './filled.ts'
import { first } from './first.ts'
import { only } from './only.ts'
import { onlyKeysOf } from './only-keys.ts'
import { zip } from './zip.ts'
import { total } from './total.ts'
import { without } from './without.ts'

export const TEMPLATE_FUNCTIONS: Record<string, TemplateFunction> = {
  'base64-text': base64Text,
  characters,
  filled,
  first,
  join,
  'json-object': jsonObject,
  'json-text': jsonText,
  least,
  'lower-case': lowerCase,
  'media-type': mediaType,
  only,
  'only-keys': onlyKeysOf,
  schema,
  split,
  total,
  without,
  zip,
}
