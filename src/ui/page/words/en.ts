/** English. */
import { FRAME } from './en/frame.ts'
import { POOL } from './en/pool.ts'
import { PAST } from './en/past.ts'
import { TOOLS } from './en/tools.ts'

export const EN = { ...FRAME, ...POOL, ...PAST, ...TOOLS }
