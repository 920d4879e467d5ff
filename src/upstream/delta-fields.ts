/** What a rule emitted holds whatever a vendor put there; a Delta holds what its type promises. */
import { isMap } from '../definition/scope.ts'

type Emitted = Record<string, unknown>

/** What a client reads as text, whatever a vendor put there. */
const TEXTS = ['text', 'reasoning', 'refusal'] as const
/** What means something only as the text that the vendor gave it. */
const NAMES = ['id', 'model', 'signature'] as const
/** OpenAI's own limit of `n`. */
const MOST_CHOICES = 128

/** Fields of another kind become text where a client reads them, and go where they would mean nothing. */
export function fitDelta(emitted: Emitted): void {
  for (const field of TEXTS) if (emitted[field] !== undefined) emitted[field] = asText(emitted[field])
  for (const field of NAMES) if (emitted[field] !== undefined) keepText(emitted, field)
  if (emitted['choice'] !== undefined && !isChoice(emitted['choice'])) delete emitted['choice']
  if (emitted['chunk'] !== undefined && !isMap(emitted['chunk'])) delete emitted['chunk']
  if (emitted['tool_call'] !== undefined) fitPart(emitted, 'tool_call', fitCall)
  if (emitted['reasoning_state'] !== undefined) fitPart(emitted, 'reasoning_state', fitState)
}

/** Counts that are none go: the scheduler's limits are reckoned with what stays. */
export function fitCounts(usage: Emitted): Emitted {
  for (const key in usage) if (!isCount(usage[key])) delete usage[key]
  return usage
}

/** Whether a value can be the index of a choice. */
export function isChoice(value: unknown): value is number {
  return isIndex(value, MOST_CHOICES)
}

function fitPart(emitted: Emitted, field: string, fit: (part: Emitted) => void): void {
  const part = emitted[field]
  if (isMap(part)) fit(part)
  else delete emitted[field]
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

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
