/** What a rule emitted holds whatever a vendor put there; a Delta holds what its type promises. */
import { isAbsent, isMap } from '../../definition/scope.ts'

type Emitted = Record<string, unknown>

/** OpenAI's own limit of `n`. */
const MOST_CHOICES = 128

/** Fields of another kind become text where a client reads them, and go where they would mean nothing. */
export function fitDelta(emitted: Emitted): void {
  for (const field in emitted) {
    const value = emitted[field]
    switch (field) {
      case 'text':
      case 'reasoning':
      case 'refusal':
        if (isAbsent(value)) delete emitted[field]
        else if (typeof value !== 'string') emitted[field] = JSON.stringify(value)
        break
      case 'id':
      case 'model':
      case 'signature':
        if (typeof value !== 'string') delete emitted[field]
        break
      case 'choice':
        if (!isChoice(value)) delete emitted[field]
        break
      case 'images':
      case 'server_tools':
        if (!Array.isArray(value) || value.length === 0) delete emitted[field]
        break
      case 'chunk':
      case 'audio':
      case 'beside':
        if (!isMap(value)) delete emitted[field]
        break
      case 'tool_call':
        if (isMap(value)) fitCall(value)
        else delete emitted[field]
        break
      case 'reasoning_state':
        if (isMap(value)) fitState(value)
        else delete emitted[field]
    }
  }
}

/** Counts that are none go: the scheduler's limits are reckoned with what stays. */
export function fitCounts(usage: Emitted): Emitted {
  for (const key in usage) {
    if (key === 'iterations') fitIterations(usage)
    else if (!isCount(usage[key])) delete usage[key]
  }
  return usage
}

/** More calls of models than one answer takes. */
const MOST_ITERATIONS = 1000

function fitIterations(usage: Emitted): void {
  const given = usage['iterations']
  const iterations = Array.isArray(given) ? given.filter(isMap).slice(0, MOST_ITERATIONS) : []
  if (iterations.length === 0) delete usage['iterations']
  else
    usage['iterations'] = iterations.map(({ model, ...counts }) => ({
      ...fitCounts(counts),
      ...(typeof model === 'string' && { model }),
    }))
}

/** Whether a value can be the index of a choice. */
export function isChoice(value: unknown): value is number {
  return isIndex(value, MOST_CHOICES)
}

function fitCall(call: Emitted): void {
  for (const field of ['id', 'name', 'signature']) if (call[field] !== undefined) keepText(call, field)
  if (call['id'] === '') delete call['id']
  if (call['index'] !== undefined && !isIndex(call['index'], Infinity)) delete call['index']
}

function fitState(state: Emitted): void {
  keepText(state, 'signature')
  keepText(state, 'data')
}

function keepText(map: Emitted, field: string): void {
  if (typeof map[field] !== 'string') delete map[field]
}

function isIndex(value: unknown, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < most
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}
