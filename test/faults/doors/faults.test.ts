/** Every fault of an upstream, at every door, over OpenAI's wire and over the door's own: the right status, in the door's own words. */
import { beforeAll, describe, expect, it } from 'vitest'
import { TEXT, WORDS } from '../vendor.ts'
import { DOORS, VECTORS, type Door } from './doors.ts'
import { casesOf, provoke, type Case, type Outcome } from './stage.ts'
import { WIRES, type Wire } from './wires.ts'

const ROWS: [door: string, wire: keyof typeof WIRES][] = [
  ['chat', 'openai'],
  ['chat', 'anthropic'],
  ['messages', 'openai'],
  ['messages', 'anthropic'],
  ['responses', 'openai'],
  ['responses', 'responses'],
  ['generateContent', 'openai'],
  ['generateContent', 'gemini'],
  ['completions', 'openai'],
  ['completions', 'completions'],
  ['ollama chat', 'openai'],
  ['ollama chat', 'ollama'],
  ['ollama generate', 'openai'],
  ['embeddings', 'embeddings'],
  ['ollama embed', 'embeddings'],
]

/** Nothing of this program's inside: no file, no library, no stack, no key. */
const INSIDE = /secret-|node:|\.ts\b|undici|node_modules|\bat [\w.]+ \(|SyntaxError|TypeError/

/** Rows whose cases are provoked while those of another are looked at: most of the time they wait for time-outs. */
const AHEAD = 3
const rows = ROWS.map(([doorName, wireName]) => {
  const door = DOORS[doorName] as Door
  return { doorName, wireName, door, wire: WIRES[wireName] as Wire, cases: casesOf(door) }
})
const provoked: Promise<Map<Case, Outcome>>[] = []

describe.each(rows.map((row, index) => ({ ...row, index })))('$doorName over $wireName', ({ door, cases, index }) => {
  const whole = door.streams ? TEXT : VECTORS
  let outcomes = new Map<Case, Outcome>()
  beforeAll(async () => {
    for (const row of rows.slice(provoked.length, index + 1 + AHEAD)) {
      const coming = provoke(row.door, row.wire, row.cases)
      // told by its own row
      coming.catch(() => {})
      provoked.push(coming)
    }
    outcomes = (await provoked[index]) ?? outcomes
  }, 120_000)

  it.each(cases)('$name, streamed $stream, keys $keys', (each) => {
    const { fault, stream, keys } = each
    const outcome = outcomes.get(each) as Outcome
    expect(outcome.raw).not.toMatch(INSIDE)
    expect(JSON.stringify([...outcome.headers])).not.toMatch(INSIDE)
    if (fault.status === 200 || keys > 1) {
      expect(outcome).toMatchObject({ status: 200, text: whole, ends: 1, errors: [] })
      expect(outcome.calls).toBe(keys > 1 ? 2 : 1)
    } else if (fault.isLate && stream) {
      // what was told stays told, and nothing pretends to be an end
      expect(outcome).toMatchObject({ status: 200, text: WORDS[0], ends: 0 })
      expect(outcome.errors).toEqual([door.streamError])
      if (fault.says !== undefined) expect(JSON.stringify(outcome.errors)).toContain(fault.says)
    } else {
      const status = door.status?.(fault.status) ?? fault.status
      expect([outcome.status, JSON.parse(outcome.raw)]).toEqual([status, door.refusal(status)])
      expect(outcome.headers.get('content-type')).toBe('application/json; charset=utf-8')
      expect(outcome.headers.get('x-request-id')).toMatch(/^req_/)
      if (fault.says !== undefined) expect(outcome.raw).toContain(fault.says)
      if (fault.status === 429) expect(Number(outcome.headers.get('retry-after'))).toBeGreaterThan(0)
    }
  })
})
