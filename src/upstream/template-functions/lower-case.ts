import type { TemplateFunction } from '../../definition/context.ts'

export const lowerCase: TemplateFunction = () => (value) =>
  typeof value === 'string' ? value.toLowerCase() : undefined
