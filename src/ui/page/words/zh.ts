/** Chinese. */
import type { EN } from './en.ts'
import { FRAME } from './zh/frame.ts'
import { POOL } from './zh/pool.ts'
import { PAST } from './zh/past.ts'
import { TOOLS } from './zh/tools.ts'

export const ZH: Record<keyof typeof EN, string> = { ...FRAME, ...POOL, ...PAST, ...TOOLS }
