import type { TemplateFunction } from '../../definition/context.ts'

/** The UTF-8 text that base64 holds, for vendors that take text files as text. */
export const base64Text: TemplateFunction = () => (value) =>
  typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : undefined
