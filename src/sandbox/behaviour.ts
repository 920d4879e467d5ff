/** How one request is to be treated: by its model, its API key, its `sandbox` field and its `x-sandbox-*` headers. */
import { MOST_WORDS } from './bounds.ts'
import type { Behaviour, Call } from './types.ts'
import { FAULTS } from './types.ts'
import { behaviourOf } from './models.ts'

/** Milliseconds. */
const HOUR = 3_600_000
/** Seconds. */
const DAY = 86_400

/** The most that a caller may ask for: it runs in the gateway's own process, and callers are not trusted. */
const MOST = { first_byte: HOUR, pace: HOUR, retry_after: DAY, after: MOST_WORDS, words: MOST_WORDS }
const NUMBERS = Object.keys(MOST) as (keyof typeof MOST)[]
const TEXTS = ['say', 'code', 'key'] as const

/** The later of model, key, headers and body wins; one that is meant for another key is left out. */
export function behaviourFor(call: Call): Behaviour {
  const asked = [behaviourOf(call.model), behaviourOf(call.key), fromHeaders(call), fromFields(call.body['sandbox'])]
  const merged: Behaviour = {}
  for (const behaviour of asked) {
    if (behaviour && (behaviour.key === undefined || behaviour.key === call.key)) Object.assign(merged, behaviour)
  }
  return merged
}

function fromHeaders(call: Call): Behaviour {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(call.headers)) {
    if (name.startsWith('x-sandbox-')) fields[name.slice('x-sandbox-'.length).replaceAll('-', '_')] = value
  }
  return fromFields(fields)
}

function fromFields(value: unknown): Behaviour {
  if (typeof value !== 'object' || value === null) return {}
  const fields = new Map(Object.entries(value))
  const behaviour: Behaviour = {}
  for (const name of NUMBERS) {
    const number = numberOf(fields.get(name))
    if (number >= 0) behaviour[name] = Math.min(number, MOST[name])
  }
  const status = numberOf(fields.get('status'))
  if (Number.isInteger(status) && status >= 200 && status <= 599) behaviour.status = status
  for (const name of TEXTS) {
    const text: unknown = fields.get(name)
    if (typeof text === 'string') behaviour[name] = text
  }
  const asked: unknown = fields.get('fault')
  const fault = typeof asked === 'string' && FAULTS.find((each) => each === asked.replaceAll('-', '_'))
  if (fault) behaviour.fault = fault
  const think: unknown = fields.get('think')
  if (think !== undefined) behaviour.think = think === true || think === 'true'
  return behaviour
}

/** Headers hold numbers as text; NaN for what is none. */
function numberOf(value: unknown): number {
  const isWritten = typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
  return isWritten ? Number(value) : Number.NaN
}
