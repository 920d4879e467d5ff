/** The models that it lists, and what the words of a model's name make it do. */
import type { Behaviour } from './types.ts'
import { FAULTS } from './types.ts'

const WORDS: Record<string, Behaviour> = {
  fast: { first_byte: 0, pace: 0 },
  slow: { first_byte: 2000, pace: 250 },
  think: { think: true },
  long: { words: 400 },
  429: { status: 429, retry_after: 1 },
  quota: { status: 429, code: 'insufficient_quota' },
  503: { status: 503, retry_after: 1 },
}
for (const fault of FAULTS) WORDS[fault.replaceAll('_', '-')] = { fault }

/** Longest first, so that `error-first` is not read as `error`. */
const LONGEST_FIRST = Object.keys(WORDS).sort((one, other) => other.length - one.length)

export const MODELS = ['sandbox', ...Object.keys(WORDS).map((word) => `sandbox-${word}`), 'sandbox-401', 'sandbox-500']

/** `sandbox-think-slow` does both; any three digits from 400 on are a status. Null for a name that is not the sandbox's. */
export function behaviourOf(name: string): Behaviour | null {
  const bare = name.slice(name.lastIndexOf('/') + 1)
  if (bare === 'sandbox') return {}
  if (!bare.startsWith('sandbox-')) return null
  const behaviour: Behaviour = {}
  let rest = bare.slice('sandbox-'.length)
  while (rest !== '') {
    const word = LONGEST_FIRST.find((word) => rest === word || rest.startsWith(`${word}-`))
    const status = /^[45]\d\d(?=-|$)/.exec(rest)?.[0]
    if (word !== undefined) Object.assign(behaviour, WORDS[word])
    else if (status !== undefined) behaviour.status = Number(status)
    rest = rest.slice((word ?? status ?? /^[^-]*/.exec(rest)?.[0] ?? rest).length).replace(/^-+/, '')
  }
  return behaviour
}

export const modelObject = (id: string): Record<string, unknown> => ({
  id,
  object: 'model',
  created: 1_767_225_600,
  owned_by: 'sandbox',
})
