import type { TemplateFunction } from '../../definition/context.ts'
import { isMap } from '../../definition/scope.ts'

/** A map without some of its `keys`. */
export const without: TemplateFunction = (options) => {
  const keys = new Set(Array.isArray(options['keys']) ? options['keys'].map(String) : [])
  return (value) => (isMap(value) ? Object.fromEntries(Object.entries(value).filter(([key]) => !keys.has(key))) : value)
}
