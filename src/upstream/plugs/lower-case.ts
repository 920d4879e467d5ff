import type { Plug } from '../../definition/context.ts'

export const lowerCase: Plug = () => (value) => (typeof value === 'string' ? value.toLowerCase() : undefined)
