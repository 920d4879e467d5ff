import type { TemplateFunction } from '../../definition/context.ts'

/** The first item of a list; nothing of an empty one. */
export const first: TemplateFunction = () => (value) => (Array.isArray(value) ? (value[0] as unknown) : value)
