import type { Delta } from '../../../chat/delta.ts'

/**
 * The text of a delta that says text and nothing else, for the first choice: by far the most common event, and worth a
 * short cut. Undefined for every other delta; the fold then takes it.
 */
export function plainText(delta: Delta): string | undefined {
  if (delta.chunk !== undefined) return plainChunk(delta) ? chunkText(delta.chunk) : undefined
  if (delta.text === undefined || delta.text === '') return undefined
  for (const key in delta) if (key !== 'text' && (key !== 'choice' || delta.choice !== 0)) return undefined
  return delta.text
}

function plainChunk(delta: Delta): boolean {
  for (const key in delta) if (key !== 'chunk') return false
  return true
}

function chunkText(chunk: Record<string, unknown>): string | undefined {
  for (const key in chunk) if (!QUIET.has(key) && chunk[key] !== null) return undefined
  const choices = chunk['choices'] as unknown[] | undefined
  if (!Array.isArray(choices) || choices.length !== 1) return undefined
  const choice = choices[0] as Record<string, unknown> | null
  let text: unknown
  for (const key in choice) {
    const value = choice[key]
    if (key === 'delta') text = deltaText(value)
    else if (key === 'index' ? value !== 0 : value !== null && value !== '') return undefined
  }
  return typeof text === 'string' && text !== '' ? text : undefined
}

function deltaText(delta: unknown): unknown {
  if (typeof delta !== 'object') return undefined
  const fields = delta as Record<string, unknown>
  for (const key in fields) {
    const value = fields[key]
    if (key !== 'content' && key !== 'role' && value !== null && value !== '') return undefined
  }
  return fields?.['content']
}

/** Fields that say nothing new after the first chunk. */
const QUIET = new Set([
  'id',
  'object',
  'created',
  'model',
  'choices',
  'obfuscation',
  'system_fingerprint',
  'service_tier',
])
