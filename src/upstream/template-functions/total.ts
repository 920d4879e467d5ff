import type { TemplateFunction } from '../../definition/context.ts'

/** The sum of a list's numbers; nothing when it has none. */
export const total: TemplateFunction = () => (value) => {
  const numbers = Array.isArray(value) ? value.filter((each) => typeof each === 'number') : []
  return numbers.length === 0 ? undefined : numbers.reduce((sum, each) => sum + each, 0)
}
