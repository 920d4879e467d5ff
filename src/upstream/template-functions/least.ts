import type { TemplateFunction } from '../../definition/context.ts'

/** The least number of a list; nothing when it holds none. */
export const least: TemplateFunction = () => (value) => {
  const numbers = Array.isArray(value) ? value.filter((each) => typeof each === 'number') : []
  return numbers.length === 0 ? undefined : Math.min(...numbers)
}
