import type { TemplateFunction } from '../../definition/context.ts'

/** The value, unless it is an empty map, list or text: then nothing. `trim`: white space alone is empty too. */
export const filled: TemplateFunction = (options) => {
  const isTrimmed = options['trim'] === true
  return (value) => {
    if (value === '' || (isTrimmed && typeof value === 'string' && value.trim() === '')) return undefined
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
  }
}
