import type { TemplateFunction } from '../../definition/context.ts'

/** The item of a list that has one; nothing of any other list. */
export const only: TemplateFunction = () => (value) =>
  Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : undefined
