import type { Plug } from '../../definition/context.ts'

/** The value, unless it is an empty map, list or text: then nothing. */
export const filled: Plug = () => (value) => {
  if (value === '') return undefined
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? undefined : value
}
