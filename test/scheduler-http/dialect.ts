/** The formats that read each dialect of limits; those of another wire lend their rules to one that the sandbox speaks. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { dialectNames } from '../../src/sandbox/limits/dialect.ts'

/** Dialects of providers whose chat has a wire of its own. */
const OTHER_WIRE = new Set(['anthropic', 'gemini', 'cohere'])

export const DIALECTS = dialectNames()

/** The name of a format for a configuration, and the `formats:` that define it, where it is none that is shipped. */
export function formatFor(dialect: string): { format: string; formats?: Record<string, unknown> } {
  if (dialect === 'blind') return { format: 'openai-compatible' }
  if (!OTHER_WIRE.has(dialect)) return { format: dialect }
  const file = new URL(`../../src/formats/${dialect}.yaml`, import.meta.url)
  const { signals, error } = parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const own = { cases: null, ...(error as Record<string, unknown>) }
  return { format: 'lent', formats: { lent: { extends: 'openai', signals, error: own } } }
}
