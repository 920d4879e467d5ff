/** How hard to try: `npm test` does a little of everything, `npm run fuzz` goes on for as many times as FUZZ says. */
import type { Parameters } from 'fast-check'

const factor = Number(process.env['FUZZ'] ?? 1)

/** Whether everything is tried with everything. */
export const isLong = factor > 1

/** @param few cases of a run in `npm test` */
export function effort(few: number): Parameters<unknown> & { timeout: number } {
  return { numRuns: few * factor, timeout: 60_000 }
}

/** Milliseconds that a test of so much effort may take. */
export const PATIENCE = 60_000 * factor
