import type { GatewayError } from '../../chat/error.ts'
import { isRecord } from '../chat-completions/json-value.ts'
import { camelKeys } from './request/camel-keys.ts'
import { checkNumbers, GENERATE_CONTENT_BOUNDS } from '../chat-completions/request/schema/number-bounds.ts'
import { createBodyCheck } from '../chat-completions/request/schema/body-check.ts'

/** A result of a function has had a role of its own. */
const role = { enum: ['user', 'model', 'function', 'system', '', null] }

/** What must be so that the body can be read at all; the rest is for the upstream to judge. */
export const generateContentSchema = {
  type: 'object',
  required: ['contents'],
  properties: {
    contents: {
      type: ['array', 'object', 'string'],
      minItems: 1,
      items: { type: ['object', 'string'], properties: { role } },
    },
    generationConfig: { type: ['object', 'null'] },
    tools: { type: ['array', 'object', 'null'] },
  },
}

const checkBody = createBodyCheck(generateContentSchema)

export function checkGenerateContent(body: unknown): GatewayError | undefined {
  const fault = checkBody(body)
  if (fault) return fault
  const config = (body as Record<string, unknown>)['generationConfig']
  return isRecord(config) ? checkNumbers(camelKeys(config), GENERATE_CONTENT_BOUNDS, 'generationConfig.') : undefined
}
