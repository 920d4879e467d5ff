import type { Plug } from '../../definition/context.ts'

/** The item of a list that has one; nothing of any other list. */
export const only: Plug = () => (value) =>
  Array.isArray(value) && value.length === 1 ? (value[0] as unknown) : undefined
