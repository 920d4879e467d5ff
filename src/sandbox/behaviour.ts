/** How one request is to be treated: by its model, its API key, its `sandbox` field and its `x-sandbox-*` headers. */
import type { Behaviour, Call } from './contract.ts'
import { FAULTS } from './contract.ts'
import { behaviourOf } from './models.ts'

const NUMBERS = ['first_byte', 'pace', 'status', 'retry_after', 'after', 'words'] as const
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
    const number = Number(fields.get(name) ?? Number.NaN)
    if (Number.isFinite(number) && number >= 0) behaviour[name] = number
  }
  for (const name of TEXTS) {
    const text: unknown = fields.get(name)
    if (typeof text === 'string') behaviour[name] = text
  }
  const fault = FAULTS.find((fault) => fault === String(fields.get('fault')).replaceAll('-', '_'))
  if (fault) behaviour.fault = fault
  if (fields.has('think')) behaviour.think = String(fields.get('think')) === 'true'
  return behaviour
}
