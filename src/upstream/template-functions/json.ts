/** JSON as text and text as JSON, for vendors that want the one where OpenAI has the other. */
import { parseFinite } from '../../runtime/json/json.ts'
import type { TemplateFunction } from '../../definition/context.ts'
import { isMap } from '../../definition/scope.ts'

export const jsonText: TemplateFunction = () => (value) => JSON.stringify(value)

/** `key`: where anything that is not valid JSON object is put, as it is. */
export const jsonObject: TemplateFunction = (options) => {
  const key = typeof options['key'] === 'string' ? options['key'] : 'result'
  return (value) => {
    if (isMap(value)) return value
    const parsed = typeof value === 'string' ? parseFinite(value) : value
    return isMap(parsed) ? parsed : { [key]: parsed ?? value }
  }
}
