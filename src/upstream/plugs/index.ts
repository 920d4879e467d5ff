/** Named plugs of templates: `$use: schema`, `of: $parameters`, `with: { … }`. */
import type { Plug } from '../../definition/context.ts'
import { jsonObject, jsonText } from './json.ts'
import { least } from './least.ts'
import { mediaType } from './media-type.ts'
import { schema } from './schema.ts'
import { base64Text } from './base64-text.ts'
import { characters } from './characters.ts'
import { filled } from './filled.ts'

export const PLUGS: Record<string, Plug> = {
  'base64-text': base64Text,
  characters,
  filled,
  'json-object': jsonObject,
  'json-text': jsonText,
  least,
  'media-type': mediaType,
  schema,
}
